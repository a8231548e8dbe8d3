/// How much a node may add to the queue before it has to count again. The time is an argument.
///
/// Counting the queue for each submission would cost more than submitting. So a node counts, and may then add an eighth
/// of the free places, within a second at most: far from the limit that is one count a second, near it one for every
/// few submissions, and a node alone never exceeds it. Several nodes at the very limit may exceed it together by what
/// they add between two counts.
struct QueuePermits {
    /// 0: no limit.
    let limit: Int
    private var share = 0
    private var free = 0
    private var countedAt: ContinuousClock.Instant?

    init(limit: Int) {
        self.limit = limit
    }

    func needsCount(for tasks: Int, at now: ContinuousClock.Instant) -> Bool {
        guard limit > 0 else { return false }
        guard let countedAt, now - countedAt < .seconds(1) else { return true }
        return tasks > share
    }

    mutating func counted(queued: Int, at now: ContinuousClock.Instant) {
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
