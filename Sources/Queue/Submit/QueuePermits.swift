/// How many tasks a node may add to the queue before it has to count the queued tasks again. This struct reads no
/// clock: the caller passes the times.
///
/// Counting the queue for each submission would cost more than the submission. So a node counts once, and may then add
/// an eighth of the free places within one second. Far from the limit, this means one count per second. Near the limit,
/// it means one count for every few submissions. A single node never exceeds the limit. Several nodes close to the
/// limit may exceed it together, by the tasks that they add between two counts. Counting a million tasks takes a tenth
/// of a second, so with a long queue a node counts less often.
///
/// Several threads may submit at the same time. ``counted(queued:cost:at:)`` assumes that a count does not include
/// tasks whose places are taken but not settled. So take the lock that protects this struct before you count, and
/// release it after that call.
struct QueuePermits {
    /// The maximum number of queued tasks; 0: no limit.
    let limit: Int
    /// How many tasks may still be added before the next count.
    private var share = 0
    private var free = 0
    /// The number of places that are taken and not settled yet.
    private var unsettled = 0
    private var countedAt: ContinuousClock.Instant?
    private var cost = Duration.zero

    /// A count that takes no longer than this may be made at any time.
    private static let cheapCount = Duration.milliseconds(10)
    /// Longer counts use at most this fraction of the time: 1 / `regular`, or 1 / `urgent` if ``share`` is used up.
    private static let timeShare = (regular: 20, urgent: 4)

    init(limit: Int) {
        self.limit = limit
    }

    func needsCount(for tasks: Int, at now: ContinuousClock.Instant) -> Bool {
        guard limit > 0 else { return false }
        guard let countedAt else { return true }
        let age = now - countedAt
        let cost = cost > Self.cheapCount ? cost : .zero
        let isOld = age >= max(.seconds(1), cost * Self.timeShare.regular)
        return isOld || tasks > share && age >= cost * Self.timeShare.urgent
    }

    /// - Parameter cost: how long the count took.
    mutating func counted(queued: Int, cost: Duration = .zero, at now: ContinuousClock.Instant) {
        self.cost = cost
        free = max(0, limit - queued - unsettled)
        share = max(min(1, free), free / 8)
        countedAt = now
    }

    /// Takes places for tasks that are submitted together: for all of them or for none.
    mutating func take(_ tasks: Int) -> Bool {
        guard limit > 0 else { return true }
        guard tasks <= free else { return false }
        free -= tasks
        unsettled += tasks
        share = max(0, share - tasks)
        return true
    }

    /// Reports that taken places are filled or not needed.
    /// - Parameter unused: how many of the places were not needed.
    mutating func settle(_ taken: Int, unused: Int) {
        guard limit > 0 else { return }
        unsettled -= taken
        free += unused
        share += unused
    }
}
