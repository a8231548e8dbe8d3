internal import Queue
internal import Threading

/// Decides what the queue thread of a worker does. No I/O here: each call of ``next(_:now:mayHaveSuspects:hasBounds:)``
/// returns one step. The queue thread executes the step, and then reports its result.
struct WorkerLoop {
    typealias Instant = ContinuousClock.Instant

    enum Step: Equatable {
        case register
        /// Wait before the next attempt to register, or before the next transaction. More attempts end while a
        /// transaction is delayed, so it stores more ends and claims more tasks.
        case pause(Duration)
        /// Begin a transaction that claims tasks and stores all ends of attempts. A ``finish`` follows later for each
        /// transaction.
        case transact(claim: Int)
        /// Wait for a transaction that is underway.
        case finish
        case giveBack(keeping: Int)
        case sleep(upTo: Duration, wakesForWork: Bool)
        case signOff
        case end
    }

    private enum State {
        case disconnected(failures: Int, until: Instant?)
        case working(mayHaveWork: Bool)
        case stopping(deadline: Instant)
        case ended
    }

    /// How many transactions may be underway at a time. While the database works on one of them, it has already
    /// received the next one.
    static let maxUnderway = 2
    /// A second transaction is begun only if it claims at least this many tasks.
    private static let minOverlappingClaim = 100
    /// The maximum time that a worker sleeps if no notification comes.
    static let safetyPoll = Duration.seconds(5)
    /// The longest pause between two attempts to register.
    static let maxPause = Duration.seconds(1)

    let concurrency: Int
    /// How long running tasks may take to finish after a stop.
    let gracePeriod: Duration
    var sizer: ClaimSizer
    private var state = State.disconnected(failures: 0, until: nil)
    private var pace = BatchPace()
    /// For each transaction that is underway: how many tasks it claims, and whether it may return a suspect.
    private var underway: [(claim: Int, isAlone: Bool)] = []
    /// The last claim returned as many tasks as it asked for.
    private var isBacklog = false

    init(concurrency: Int, gracePeriod: Duration) {
        self.concurrency = concurrency
        self.gracePeriod = gracePeriod
        sizer = ClaimSizer(concurrency: concurrency)
    }

    /// - Parameters:
    ///   - mayHaveSuspects: whether there may be tasks, in the queue or in this worker, that have to run alone.
    ///   - hasBounds: whether some types are bounded. If so, another task may run when one ends.
    mutating func next(
        _ view: Workload.View, now: Instant, mayHaveSuspects: Bool = false, hasBounds: Bool = false
    ) -> Step {
        let step = decide(view, now: now, mayHaveSuspects: mayHaveSuspects, hasBounds: hasBounds)
        if case .transact(let claim) = step {
            underway.append((claim, isAlone: view.holdsNothing && underway.isEmpty))
        }
        return step
    }

    private mutating func decide(_ view: Workload.View, now: Instant, mayHaveSuspects: Bool, hasBounds: Bool) -> Step {
        switch state {
        case .disconnected(_, let until):
            if let until, until > now { return .pause(until - now) }
            return .register
        case .working(let mayHaveWork):
            let isFreed = hasBounds && view.ended > 0
            return work(view, mayHaveWork: mayHaveWork || isFreed, mayHaveSuspects: mayHaveSuspects, now: now)
        case .stopping(let deadline):
            if !underway.isEmpty { return .finish }
            // Tasks that were not started go back first: another worker may have a free thread for them.
            if !view.buffered.isEmpty { return .giveBack(keeping: 0) }
            if view.ended > 0 { return .transact(claim: 0) }
            if view.running > 0, now < deadline { return .sleep(upTo: deadline - now, wakesForWork: false) }
            state = .ended
            return .signOff
        case .ended:
            return .end
        }
    }

    private mutating func work(
        _ view: Workload.View, mayHaveWork: Bool, mayHaveSuspects: Bool, now: Instant
    ) -> Step {
        let idle = max(0, concurrency - view.busy)
        if !underway.isEmpty {
            let claim = overlapping(view, idle: idle, mayHaveSuspects: mayHaveSuspects)
            return claim.map { .transact(claim: $0) } ?? .finish
        }
        if let count = sizer.toKeep(idle: idle, buffered: view.buffered) { return .giveBack(keeping: count) }
        // Only a worker that holds nothing claims a suspect, and it claims nothing else. So all tasks of this worker
        // have to end first.
        let room =
            mayHaveSuspects && !view.holdsNothing
            ? 0 : sizer.room(idle: idle, buffered: view.buffered, mayOverlap: isBacklog)
        // If several tasks end at the same time, more tasks are probably queued: claim them with the same commit.
        let claim = mayHaveWork || mayHaveSuspects || view.ended > 1 ? room : 0
        if claim > 0 || view.ended > 0 {
            let pause = pace.pause(at: now)
            return pause > .zero ? .pause(pause) : .transact(claim: claim)
        }
        return .sleep(upTo: Self.safetyPoll, wakesForWork: room > 0)
    }

    /// Decides whether to begin a second transaction while another one is underway.
    ///
    /// A second transaction is worth its cost only if the queue is long, because several small transactions cost more
    /// than a large one. A suspect has to run alone, so no second transaction begins while there may be one.
    /// - Returns: how many tasks the transaction claims; `nil`: do not begin one.
    private func overlapping(_ view: Workload.View, idle: Int, mayHaveSuspects: Bool) -> Int? {
        guard isBacklog, !mayHaveSuspects, underway.count < Self.maxUnderway, !underway.contains(where: \.isAlone),
            sizer.toKeep(idle: idle, buffered: view.buffered) == nil
        else { return nil }
        let claims = underway.reduce(0) { $0 + $1.claim }
        let room = sizer.room(idle: idle, buffered: view.buffered, underway: claims, mayOverlap: true)
        return room >= Self.minOverlappingClaim ? room : nil
    }

    // MARK: the results of steps

    mutating func registered() {
        guard case .disconnected = state else { return }
        state = .working(mayHaveWork: true)
        isBacklog = false
    }

    /// - Parameter jitter: a random number from 0 to 1. It spreads the attempts of workers that lost the same database.
    mutating func registrationFailed(now: Instant, jitter: Double) {
        guard case .disconnected(let failures, _) = state else { return }
        let pause = min(Self.maxPause, .milliseconds(50) * (1 << min(failures, 10)))
        state = .disconnected(failures: failures + 1, until: now + pause * (0.5 + jitter / 2))
    }

    /// A transaction that was underway is done.
    /// - Parameters:
    ///   - stored: how many ends of attempts were stored.
    ///   - isSuspect: whether a suspect was claimed instead of other tasks.
    ///   - isUrgent: whether a client waits for one of the stored results, or another task of a bounded type may run
    ///     because one has ended.
    ///   - start: when the transaction began.
    ///   - end: when it was done.
    mutating func transacted(
        stored: Int, claimed: Int, of asked: Int, isSuspect: Bool = false, isUrgent: Bool = false, start: Instant,
        end: Instant
    ) {
        if !underway.isEmpty { underway.removeFirst() }
        // If a claim returned as many tasks as it asked for, there is a backlog. Then the next transaction need not
        // wait until more tasks arrive.
        if asked > 0 { isBacklog = claimed == asked && !isSuspect }
        let isFull = asked > 0 && claimed == asked
        if asked > 0, claimed == 0, stored <= 1 {
            pace.endedEmpty(start: start)
        } else {
            // If the transaction only claimed tasks, it is not known yet whether somebody waits for them. So the goal
            // is a short latency.
            pace.ended(
                max(stored, claimed), isBacklog: isFull, goal: isUrgent || stored == 0 ? .latency : .throughput,
                start: start, end: end)
        }
        guard case .working = state, asked > 0 else { return }
        state = .working(mayHaveWork: isFull || isSuspect)
    }

    mutating func woke(_ wakeup: WorkerSession.Wakeup) {
        guard case .working = state, wakeup != .woken else { return }
        state = .working(mayHaveWork: true)
    }

    /// The session is lost, and with it all claims.
    mutating func lost() {
        underway = []
        switch state {
        case .working, .disconnected: state = .disconnected(failures: 0, until: nil)
        case .stopping, .ended: state = .ended
        }
    }

    mutating func stop(now: Instant) {
        switch state {
        case .disconnected: state = .ended
        case .working: state = .stopping(deadline: now + gracePeriod)
        case .stopping, .ended: break
        }
    }
}
