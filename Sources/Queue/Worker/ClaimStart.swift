/// Where in the order of tasks a claim begins to look.
///
/// At the beginning, as a rule. But a claim that begins at the beginning steps over every task that was claimed since the
/// last vacuum. While there are more tasks than a claim takes, that may be some 10,000: few enough to cost little, but
/// with a long queue vacuums take their time, and then it is a fifth of the claim. And while some session holds an old
/// snapshot (a dump, a forgotten transaction) no row that dies can be removed at all: 2,000 tasks/s make a claim 22 ms
/// longer each minute. Then most claims begin shortly before the place where the last ones found something, and only one
/// in so many looks at everything (a *whole* look): every 100 ms, and for a twentieth of the time at most, however long
/// it has become.
///
/// What lies before that place is found by the next whole look: a task of more urgency than those of late, one that was
/// put back, one whose commit took long. A worker that is told of such a task looks at everything sooner.
///
/// Places are told as *leads*: a task's rank less the time of the claim, in microseconds. It is negative by as much as
/// tasks wait, and hardly changes.
struct ClaimStart {
    /// Fewer dead rows than this are stepped over without ado.
    static let fewDeadRows = (slow: 10_000, backlog: 1000)
    /// A whole look that takes longer than this to find its tasks is *slow*.
    static let quick = Duration.milliseconds(4)
    /// One part of so many of the time, at most, is spent on whole looks.
    static let share = 20
    /// The same, while the worker has been told of tasks that only a whole look finds.
    static let urgentShare = 3
    /// Between two whole looks that are not slow, while each claim is full.
    static let backlogPause = Duration.milliseconds(100)
    /// A claim begins so much before the place: commits take some time. Microseconds.
    static let margin: (slow: Int64, backlog: Int64) = (500_000, 50_000)

    /// By type: the least lead of what was claimed since the last whole look, that included.
    private var leads: [String: Int64] = [:]
    private var cost = Duration.zero
    private var deadRows = 0
    private var lastWhole: ContinuousClock.Instant?
    private var lastClaim: ContinuousClock.Instant?
    /// The last claim brought as many as were asked for.
    private var wasFull = false
    /// The last claim looked at everything.
    private var wasWhole = true
    /// There may be tasks that only a whole look finds.
    private var isUrgent = false

    private var isSlow: Bool { cost > Self.quick && deadRows > Self.fewDeadRows.slow }

    /// When the next claim is to look at everything; `nil`: each does.
    var wholeLookAt: ContinuousClock.Instant? {
        guard let lastWhole else { return nil }
        let pause = cost * (isUrgent ? Self.urgentShare : Self.share)
        if isSlow { return lastWhole + pause }
        if wasFull, deadRows > Self.fewDeadRows.backlog {
            return lastWhole + (isUrgent ? pause : max(pause, Self.backlogPause))
        }
        // The end of a backlog: what is left may lie before the place.
        return wasWhole ? nil : lastWhole
    }

    /// For each type where to begin: microseconds from now, `nil` for the very beginning.
    func starts(_ types: [String], now: ContinuousClock.Instant) -> [Int64?] {
        guard let wholeLookAt, now < wholeLookAt else { return types.map { _ in nil } }
        // Of a backlog some may have come with one commit: what is left then stays where it is, while time goes on.
        let margin =
            isSlow
            ? Self.margin.slow : Self.margin.backlog + (lastClaim.map { now - $0 } ?? .zero).inMicroseconds
        return types.map { leads[$0].map { $0 - margin } }
    }

    /// Something was put back, or is more urgent than what came lately.
    mutating func wasToldOfOthers() { isUrgent = true }

    /// A claim is done.
    /// - Parameters:
    ///   - starts: where it began.
    ///   - found: the types of the tasks and their leads.
    ///   - isFull: it brought as many as were asked for: there are more.
    ///   - search: how long it took to find them; `nil`: it is not known.
    ///   - deadRows: of the table; `nil`: it is not known, as nothing was found.
    mutating func claimed(
        _ types: [String], from starts: [Int64?], found: [(type: String, lead: Int64)], isFull: Bool,
        search: Duration?, deadRows: Int?, now: ContinuousClock.Instant
    ) {
        if let deadRows { self.deadRows = deadRows }
        lastClaim = now
        wasFull = isFull
        wasWhole = starts.allSatisfy { $0 == nil }
        let least = found.reduce(into: [String: Int64]()) { $0[$1.type] = min($0[$1.type] ?? .max, $1.lead) }
        guard wasWhole else {
            for (type, lead) in least { leads[type] = min(leads[type] ?? lead, lead) }
            return
        }
        lastWhole = now
        if let search { cost = search }
        isUrgent = false
        for type in types {
            // Where nothing is left, what comes next comes from now on. Where the claim was full nothing is known.
            leads[type] = least[type] ?? (isFull ? nil : max(0, leads[type] ?? 0))
        }
    }
}
