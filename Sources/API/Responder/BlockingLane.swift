internal import DequeModule

/// Limits how many threads of the pool run blocking work at the same time. Further work waits in order of arrival.
struct BlockingLane<Waiting> {
    private let limit: Int
    private var running = 0
    private var waiting: Deque<Waiting> = []

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

    mutating func wait(_ work: Waiting) { waiting.append(work) }

    /// Frees a place.
    /// - Returns: the waiting work that takes the place; `nil` if none waits.
    mutating func leave() -> Waiting? {
        if let next = waiting.popFirst() { return next }
        running -= 1
        return nil
    }
}
