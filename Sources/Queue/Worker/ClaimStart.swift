/// Where in the order of tasks a claim begins to scan.
///
/// Usually a claim scans from the beginning (a *full scan*). But such a scan steps over the dead row of every task that
/// was claimed since the last vacuum. Up to about 10,000 dead rows cost little. With a long queue, vacuums take longer,
/// and stepping over dead rows takes a fifth of the claim's time. And while some session holds an old snapshot (a dump,
/// a forgotten transaction), vacuum cannot remove any dead row: at 2,000 tasks/s, a claim becomes 22 ms longer each
/// minute.
///
/// So when there are many dead rows, most claims begin shortly before the place where the last claims found tasks. A
/// full scan happens every 100 ms, or less often if full scans would take more than a twentieth of the time.
///
/// Some tasks may be before that place: a task that is more urgent than the recent ones, one that was put back, or one
/// whose commit took long. The next full scan finds them. A worker that is notified of such a task makes a full scan
/// sooner.
///
/// A place is given as a *lead*: a task's rank minus the time of the claim, in microseconds. The longer tasks wait, the
/// more negative are their leads. A lead hardly changes from claim to claim.
struct ClaimStart {
    /// With at most this many dead rows, each claim is a full scan. `slow` applies if full scans are slow
    /// (``slowScan``), `backlog` while each claim takes as many tasks as it asks for.
    static let maxDeadRows = (slow: 10_000, backlog: 1000)
    /// A full scan that takes longer than this to find its tasks is *slow*.
    static let slowScan = Duration.milliseconds(4)
    /// Full scans use at most this fraction of the time: 1 / `timeShare`.
    static let timeShare = 20
    /// Replaces `timeShare` after a notification about tasks that only a full scan finds.
    static let urgentTimeShare = 3
    /// The pause between two full scans that are not slow, while each claim takes as many tasks as it asks for.
    static let backlogPause = Duration.milliseconds(100)
    /// The distance, in microseconds, from the start of a claim's scan to the place where the last claims found tasks.
    /// In between, new tasks can appear, because a task cannot be seen until its commit is done.
    static let margin: (slow: Int64, backlog: Int64) = (500_000, 50_000)

    /// For each type, the smallest lead of a task that the last full scan or a later claim took.
    private var leads: [String: Int64] = [:]
    /// How long the last full scan took.
    private var cost = Duration.zero
    private var deadRows = 0
    private var lastFullScan: ContinuousClock.Instant?
    private var lastClaim: ContinuousClock.Instant?
    /// The last claim took as many tasks as it asked for.
    private var tookAll = false
    /// The last claim made a full scan.
    private var wasFullScan = true
    /// There may be tasks that only a full scan finds.
    private var isUrgent = false

    private var isSlow: Bool { cost > Self.slowScan && deadRows > Self.maxDeadRows.slow }

    /// When the next full scan is due; `nil`: each claim is a full scan.
    var nextFullScan: ContinuousClock.Instant? {
        guard let lastFullScan else { return nil }
        let pause = cost * (isUrgent ? Self.urgentTimeShare : Self.timeShare)
        if isSlow { return lastFullScan + pause }
        if tookAll, deadRows > Self.maxDeadRows.backlog {
            return lastFullScan + (isUrgent ? pause : max(pause, Self.backlogPause))
        }
        // At the end of a backlog, the tasks that are left may be before the place where claims begin. So make a full
        // scan.
        return wasFullScan ? nil : lastFullScan
    }

    /// Where to begin, for each type: microseconds from now; `nil`: at the beginning.
    func starts(_ types: [String], now: ContinuousClock.Instant) -> [Int64?] {
        guard let nextFullScan, now < nextFullScan else { return types.map { _ in nil } }
        // Many tasks of a backlog may come from one commit, and then have the same rank. Their leads decrease over
        // time, so the time since the last claim is added to the margin.
        let margin =
            isSlow
            ? Self.margin.slow : Self.margin.backlog + (lastClaim.map { now - $0 } ?? .zero).inMicroseconds
        return types.map { leads[$0].map { $0 - margin } }
    }

    /// A notification says that a task was put back, or is more urgent than the recent ones.
    mutating func urgentTaskAnnounced() { isUrgent = true }

    /// A claim is done.
    /// - Parameters:
    ///   - starts: where the claim began to scan.
    ///   - found: the types of the claimed tasks and their leads.
    ///   - tookAll: the claim took as many tasks as it asked for, so there are more.
    ///   - searchTime: how long it took to find the tasks; `nil` if unknown.
    ///   - deadRows: dead rows of the table; `nil` if unknown, because nothing was found.
    mutating func claimed(
        _ types: [String], from starts: [Int64?], found: [(type: String, lead: Int64)], tookAll: Bool,
        searchTime: Duration?, deadRows: Int?, now: ContinuousClock.Instant
    ) {
        if let deadRows { self.deadRows = deadRows }
        lastClaim = now
        self.tookAll = tookAll
        wasFullScan = starts.allSatisfy { $0 == nil }
        let smallest = found.reduce(into: [String: Int64]()) { $0[$1.type] = min($0[$1.type] ?? .max, $1.lead) }
        guard wasFullScan else {
            for (type, lead) in smallest { leads[type] = min(leads[type] ?? lead, lead) }
            return
        }
        lastFullScan = now
        if let searchTime { cost = searchTime }
        isUrgent = false
        for type in types {
            // This also handles a type of which the claim found no task. If the claim took fewer tasks than it asked
            // for, no task of the type is left, so the next ones will have a lead of 0 or more. Otherwise the claim may
            // not have reached the type, and the lead is unknown.
            leads[type] = smallest[type] ?? (tookAll ? nil : max(0, leads[type] ?? 0))
        }
    }
}
