/// Threads with a queue of their own: what others add is dealt with there, in order, and all of it before they end.
package final class Consumers<Element: Sendable>: Sendable {
    private let queue = BlockingQueue<Element>()
    private let threads: Monitor<[NamedThread]>

    /// Starts the threads.
    /// - Parameters:
    ///   - name: of the thread; of several each has its number behind it.
    ///   - consume: runs on each thread: takes elements until the queue is closed and empty.
    package init(
        _ name: String, count: Int = 1, _ consume: @escaping @Sendable (BlockingQueue<Element>) -> Void
    ) {
        threads = Monitor(
            (1...count).map { [queue] number in
                NamedThread(count == 1 ? name : "\(name)-\(number)") { consume(queue) }
            })
    }

    /// How many elements no thread has taken yet.
    package var waiting: Int { queue.count }

    /// - Returns: `false` after ``finish()``.
    @discardableResult
    package func add(_ element: Element) -> Bool { queue.append(element) }

    /// Takes no more, and waits until what has been added is dealt with. A second call does nothing.
    package func finish() {
        queue.close()
        let ended = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in ended { thread.join() }
    }
}
