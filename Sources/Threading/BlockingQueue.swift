internal import DequeModule

/// A first-in, first-out queue between threads, closed from either side.
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

    /// - Returns: `false` when the queue is closed; the element was not taken.
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

    /// Waits for an element. `nil`: the queue is closed and empty.
    package func next() -> Element? {
        contents.wait { contents -> Element?? in
            if let first = contents.elements.popFirst() { return .some(.some(first)) }
            return contents.isClosed ? .some(.none) : .none
        }
    }

    /// Waits for at least one element and takes all there are. Empty: the queue is closed.
    package func nextBatch() -> [Element] {
        contents.wait { contents in
            if !contents.elements.isEmpty { return contents.takeAll() }
            return contents.isClosed ? [] : nil
        }
    }

    /// Hands batches to `body` until the queue is closed and empty.
    /// - Parameter pace: how they follow each other.
    package func forEachBatch(_ start: BatchPace, _ body: ([Element]) -> Void) {
        var pace = start
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

    /// What is in the queue now, perhaps nothing, without waiting.
    package func takeAll() -> [Element] {
        contents.withLock { $0.takeAll() }
    }

    /// No more is taken in; what is there can still be taken out, then every taker is told.
    package func close() {
        contents.broadcast { $0.isClosed = true }
    }
}
