internal import DequeModule

/// Lets only so many of the pool's threads do work that blocks for long; the rest of it waits its turn.
struct BlockingLane<Work> {
    private let limit: Int
    private var running = 0
    private var waiting: Deque<Work> = []

    init(limit: Int) {
        precondition(limit > 0)
        self.limit = limit
    }

    var isFree: Bool { running < limit }

    /// Takes a free place.
    mutating func enter() {
        precondition(isFree)
        running += 1
    }

    mutating func wait(_ work: Work) { waiting.append(work) }

    /// A place becomes free.
    /// - Returns: who takes it.
    mutating func leave() -> Work? {
        if let next = waiting.popFirst() { return next }
        running -= 1
        return nil
    }
}
