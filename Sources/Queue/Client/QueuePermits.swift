/// How much a node may add to the queue before it has to count again. The time is an argument.
///
/// Counting the queue for each submission would cost more than submitting. So a node counts, and may then add an eighth
/// of the free places, within a second at most: far from the limit that is one count a second, near it one for every
/// few submissions, and a node alone never exceeds it. Several nodes at the very limit may exceed it together by what
/// they add between two counts. Counting a million takes a tenth of a second: then it is done more rarely.
struct QueuePermits {
    /// 0: no limit.
    let limit: Int
    private var share = 0
    private var free = 0
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
        free = max(0, limit - queued)
        share = max(min(1, free), free / 8)
        countedAt = now
    }

    /// Takes places for tasks that are submitted together, all or none.
    mutating func take(_ tasks: Int) -> Bool {
        guard limit > 0 else { return true }
        guard tasks <= free else { return false }
        free -= tasks
        share = max(0, share - tasks)
        return true
    }

    /// Gives places back that turned out not to be needed.
    mutating func giveBack(_ tasks: Int) {
        free += tasks
        share += tasks
    }
}
