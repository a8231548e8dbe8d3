internal import Queue
internal import Threading

/// The course of a worker's session, decided without touching anything: each ``next(_:now:)`` is one step that the
/// queue thread takes, and then it reports what came of it.
struct WorkerLoop {
    typealias Instant = ContinuousClock.Instant

    enum Step: Equatable {
        case register
        /// Before the next attempt to register, or so that an exchange moves more.
        case pause(Duration)
        /// Begin to store all that ended, and to claim. Each of them is followed by a ``finish`` of its own.
        case exchange(claim: Int)
        /// Wait for an exchange that is underway.
        case finish
        case giveBack(keeping: Int)
        case sleep(upTo: Duration, heedWork: Bool)
        case signOff
        case end
    }

    private enum State {
        case disconnected(failures: Int, until: Instant?)
        case working(mayHaveWork: Bool)
        case stopping(deadline: Instant)
        case ended
    }

    /// Exchanges that may be underway at a time: while the database has one, the next is there already.
    static let mostUnderway = 2
    /// Claims of fewer tasks are not worth a second exchange beside the one that is underway.
    private static let worthOverlap = 100
    /// How long a worker sleeps at most when no notification comes.
    static let safetyPoll = Duration.seconds(5)
    /// Between two attempts to register, at most.
    static let longestPause = Duration.seconds(1)

    let concurrency: Int
    /// How long tasks that run may take to finish after a stop.
    let gracePeriod: Duration
    var sizer: ClaimSizer
    private var state = State.disconnected(failures: 0, until: nil)
    private var pace = BatchPace()
    /// What the exchanges that are underway claim, and whether they may bring a suspect.
    private var underway: [(claim: Int, isAlone: Bool)] = []
    /// The last claim brought all it asked for.
    private var isBacklog = false

    init(concurrency: Int, gracePeriod: Duration) {
        self.concurrency = concurrency
        self.gracePeriod = gracePeriod
        sizer = ClaimSizer(concurrency: concurrency)
    }

    /// - Parameters:
    ///   - mayHaveSuspects: there may be tasks in the queue, or here, that are to run alone.
    ///   - hasBounds: a task that ends may free another one, of a bounded type.
    mutating func next(
        _ view: Workload.View, now: Instant, mayHaveSuspects: Bool = false, hasBounds: Bool = false
    ) -> Step {
        let step = decide(view, now: now, mayHaveSuspects: mayHaveSuspects, hasBounds: hasBounds)
        if case .exchange(let claim) = step {
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
            // What was not begun goes back first: another worker may have a thread for it now.
            if !view.buffered.isEmpty { return .giveBack(keeping: 0) }
            if view.ended > 0 { return .exchange(claim: 0) }
            if view.running > 0, now < deadline { return .sleep(upTo: deadline - now, heedWork: false) }
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
            return claim.map { .exchange(claim: $0) } ?? .finish
        }
        if let count = sizer.toKeep(idle: idle, buffered: view.buffered) { return .giveBack(keeping: count) }
        // A suspect is claimed by who holds nothing, and nothing is claimed beside it: first let all end.
        let room =
            mayHaveSuspects && !view.holdsNothing
            ? 0 : sizer.room(idle: idle, buffered: view.buffered, mayOverlap: isBacklog)
        // Where several tasks end at a time more are waiting most likely: one commit for both.
        let claim = mayHaveWork || mayHaveSuspects || view.ended > 1 ? room : 0
        if claim > 0 || view.ended > 0 {
            let pause = pace.pause(at: now)
            return pause > .zero ? .pause(pause) : .exchange(claim: claim)
        }
        return .sleep(upTo: Self.safetyPoll, heedWork: room > 0)
    }

    /// Whether to begin an exchange while one is underway, and what to claim: only where there is plenty, as several small
    /// ones cost more than a large one. A suspect is to have nothing beside it.
    private func overlapping(_ view: Workload.View, idle: Int, mayHaveSuspects: Bool) -> Int? {
        guard isBacklog, !mayHaveSuspects, underway.count < Self.mostUnderway, !underway.contains(where: \.isAlone),
            sizer.toKeep(idle: idle, buffered: view.buffered) == nil
        else { return nil }
        let claims = underway.reduce(0) { $0 + $1.claim }
        let room = sizer.room(idle: idle, buffered: view.buffered, underway: claims, mayOverlap: true)
        return room >= Self.worthOverlap ? room : nil
    }

    // MARK: what came of a step

    mutating func registered() {
        guard case .disconnected = state else { return }
        state = .working(mayHaveWork: true)
        isBacklog = false
    }

    /// - Parameter jitter: 0...1; workers that lost the same database do not come back in the same moment.
    mutating func registrationFailed(now: Instant, jitter: Double) {
        guard case .disconnected(let failures, _) = state else { return }
        let pause = min(Self.longestPause, .milliseconds(50) * (1 << min(failures, 10)))
        state = .disconnected(failures: failures + 1, until: now + pause * (0.5 + jitter / 2))
    }

    /// One that was underway is done.
    /// - Parameters:
    ///   - stored: ends of attempts that were stored.
    ///   - isSuspect: a suspect was claimed, which was not asked for.
    ///   - isUrgent: somebody waits for what was stored, or a task may run once another has ended.
    ///   - start: when the exchange began.
    ///   - end: when it was done.
    mutating func exchanged(
        stored: Int, claimed: Int, of asked: Int, isSuspect: Bool = false, isUrgent: Bool = false, start: Instant,
        end: Instant
    ) {
        if !underway.isEmpty { underway.removeFirst() }
        // With a backlog there is nothing to wait for: a claim brings all it asks for.
        if asked > 0 { isBacklog = claimed == asked && !isSuspect }
        let isFull = asked > 0 && claimed == asked
        if asked > 0, claimed == 0, stored <= 1 {
            pace.endedEmpty(start: start)
        } else {
            // Of the first tasks claimed nobody can say yet.
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

    /// The session is gone, and all claims with it.
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
