/// Threads that consume a queue. They take its elements in order, and end only when no element is left.
package final class Consumers<Element: Sendable>: Sendable {
    private let queue = BlockingQueue<Element>()
    private let threads: Monitor<[NamedThread]>

    /// Starts the threads.
    /// - Parameters:
    ///   - name: the name of the thread; if there are several, their numbers are appended
    ///   - consume: runs on each thread; must take elements until the queue is closed and empty
    package init(
        _ name: String, count: Int = 1, _ consume: @escaping @Sendable (BlockingQueue<Element>) -> Void
    ) {
        threads = Monitor(
            (1...count).map { [queue] number in
                NamedThread(count == 1 ? name : "\(name)-\(number)") { consume(queue) }
            })
    }

    /// The number of elements that no thread has taken yet.
    package var waiting: Int { queue.count }

    /// - Returns: false after ``finish()``; then the element was not added
    @discardableResult
    package func add(_ element: Element) -> Bool { queue.append(element) }

    /// Accepts no more elements, and waits until the threads have consumed all elements and have ended. A second call
    /// does nothing.
    package func finish() {
        queue.close()
        let ended = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in ended { thread.join() }
    }
}
