/// How much a node may add to the queue before it has to count again. The time is an argument.
///
/// Counting the queue for each submission would cost more than submitting. So a node counts, and may then add an eighth
/// of the free places, within a second at most: far from the limit that is one count a second, near it one for every
/// few submissions, and a node alone never exceeds it. Several nodes at the very limit may exceed it together by what
/// they add between two counts. Counting a million takes a tenth of a second: then it is done more rarely.
///
/// Several threads may submit at a time. What they were given places for and have not settled is taken for not counted,
/// so the lock that guards this value has to be held from before a count until it is told of.
struct QueuePermits {
    /// 0: no limit.
    let limit: Int
    private var share = 0
    private var free = 0
    /// Places taken of which it is not known yet whether they are filled.
    private var unsettled = 0
    private var countedAt: ContinuousClock.Instant?
    private var cost = Duration.zero

    /// A count that takes no longer than this may be made at any time.
    private static let cheap = Duration.milliseconds(10)
    /// A dear one takes this part of the time at most, and the other where the share is used up.
    private static let parts = (regular: 20, urgent: 4)

    init(limit: Int) {
        self.limit = limit
    }

    func needsCount(for tasks: Int, at now: ContinuousClock.Instant) -> Bool {
        guard limit > 0 else { return false }
        guard let countedAt else { return true }
        let age = now - countedAt
        let cost = cost > Self.cheap ? cost : .zero
        return age >= max(.seconds(1), cost * Self.parts.regular) || tasks > share && age >= cost * Self.parts.urgent
    }

    /// - Parameter cost: how long it took to count.
    mutating func counted(queued: Int, cost: Duration = .zero, at now: ContinuousClock.Instant) {
        self.cost = cost
        free = max(0, limit - queued - unsettled)
        share = max(min(1, free), free / 8)
        countedAt = now
    }

    /// Takes places for tasks that are submitted together, all or none.
    mutating func take(_ tasks: Int) -> Bool {
        guard limit > 0 else { return true }
        guard tasks <= free else { return false }
        free -= tasks
        unsettled += tasks
        share = max(0, share - tasks)
        return true
    }

    /// It is known what became of places that were taken.
    /// - Parameter unused: so many of them turned out not to be needed.
    mutating func settle(_ taken: Int, unused: Int) {
        guard limit > 0 else { return }
        unsettled -= taken
        free += unused
        share += unused
    }
}
