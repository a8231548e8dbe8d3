internal import DequeModule

/// A first-in, first-out queue between threads. Either side can close it.
package final class BlockingQueue<Element: Sendable>: Sendable {
    private struct Contents {
        var elements: Deque<Element> = []
        var isClosed = false

        mutating func takeAll() -> [Element] {
            let taken = Array(elements)
            elements.removeAll(keepingCapacity: true)
            return taken
        }
    }

    private let contents = Monitor(Contents())

    package init() {}

    package var count: Int { contents.withLock { $0.elements.count } }

    /// - Returns: false if the queue is closed; then the element was not added
    @discardableResult
    package func append(_ element: Element) -> Bool {
        var isAccepted = false
        contents.signal { contents in
            guard !contents.isClosed else { return }
            contents.elements.append(element)
            isAccepted = true
        }
        return isAccepted
    }

    /// Waits for an element.
    /// - Returns: nil if the queue is closed and empty
    package func next() -> Element? {
        contents.wait { contents -> Element?? in
            if let first = contents.elements.popFirst() { return .some(.some(first)) }
            return contents.isClosed ? .some(.none) : .none
        }
    }

    /// Waits for at least one element and takes all elements.
    /// - Returns: an empty array if the queue is closed and empty
    package func nextBatch() -> [Element] {
        contents.wait { contents in
            if !contents.elements.isEmpty { return contents.takeAll() }
            return contents.isClosed ? [] : nil
        }
    }

    /// Passes batches to `body` until the queue is closed and empty.
    /// - Parameter pace: decides the pauses between batches
    package func forEachBatch(_ pace: BatchPace, _ body: ([Element]) -> Void) {
        var pace = pace
        while true {
            var batch = nextBatch()
            if batch.isEmpty { return }
            let pause = pace.pause(at: .now)
            if pause > .zero {
                sleepCurrentThread(for: pause)
                batch += takeAll()
            }
            let start = ContinuousClock.now
            body(batch)
            pace.ended(batch.count, start: start, end: .now)
        }
    }

    /// Takes all elements that are in the queue now, without waiting.
    package func takeAll() -> [Element] {
        contents.withLock { $0.takeAll() }
    }

    /// Accepts no more elements. Those in the queue can still be taken. When the queue is empty, ``next()`` and
    /// ``nextBatch()`` report that it is closed.
    package func close() {
        contents.broadcast { $0.isClosed = true }
    }
}
