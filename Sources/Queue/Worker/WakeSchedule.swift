/// When a worker that sleeps looks for work again. No I/O, no clock: the time is an argument.
///
/// Notifications announce most work, but not all: nobody announces that a postponed task becomes due, that a task is
/// free again which another claim had locked, or that a task of a bounded type may run because another one has ended.
/// So after a moment of silence the worker asks the database once what will be due, and then sleeps until that time.
struct WakeSchedule {
    typealias Instant = ContinuousClock.Instant

    enum Step: Equatable {
        /// There may be something to claim.
        case claim
        /// Ask the database what will be due (``WorkerSQL/nextDue``), and call ``learned(nextDue:isBoundedWorkLeft:)``.
        case ask
        /// Sleep until this time, unless something happens before.
        /// - Parameter until: `nil`: without a limit.
        case sleep(until: Instant?)
    }

    /// How long no notification must have come before the database is asked what is due next. Under load that never
    /// happens. And a task that another transaction had locked during the last claim is free by then, because such
    /// transactions are short.
    static let quietTime = Duration.milliseconds(5)
    /// How soon the worker looks again for tasks of a bounded type. They may run when another worker has stored a
    /// result.
    static let boundedPause = Duration.milliseconds(40)
    /// The same if the last claim took nothing of a bounded type.
    static let contendedPause = Duration.milliseconds(5)

    /// What the database said about postponed tasks.
    private enum NextDue: Equatable {
        case unknown
        /// - Parameter time: `nil`: no task is postponed.
        case known(time: Instant?)
    }

    /// A notification has come that no claim has answered yet.
    private var isWorkAnnounced = false
    private var nextDue = NextDue.unknown
    /// A task of a bounded type is due, which may not run now.
    private var isBoundedWorkLeft = false
    /// The last claim took nothing of some bounded type: another worker's claim had it, or this claim did not ask for
    /// it.
    private var areBoundsContended = false

    /// The session is new: the queue may contain anything.
    mutating func registered() {
        isWorkAnnounced = true
        nextDue = .unknown
    }

    /// A notification has come.
    mutating func workAnnounced() { isWorkAnnounced = true }

    /// A claim is sent. Its snapshot is newer than all notifications that have arrived.
    mutating func claimSent() {
        isWorkAnnounced = false
        nextDue = .unknown
    }

    /// A claim is answered.
    mutating func claimed(areBoundsContended: Bool) { self.areBoundsContended = areBoundsContended }

    /// The answer to ``Step/ask``: nothing can be claimed now.
    mutating func learned(nextDue time: Instant?, isBoundedWorkLeft: Bool) {
        nextDue = .known(time: time)
        self.isBoundedWorkLeft = isBoundedWorkLeft
    }

    /// - Parameters:
    ///   - start: when the sleep began.
    ///   - fullScan: when the next claim is to scan the whole queue (``ClaimStart``); `nil`: no time is set.
    func next(sleepingSince start: Instant, fullScan: Instant?, now: Instant) -> Step {
        if isWorkAnnounced { return .claim }
        var wakeUps = [fullScan]
        switch nextDue {
        case .unknown:
            if now - start >= Self.quietTime { return .ask }
            wakeUps.append(start + Self.quietTime)
        case .known(let time):
            wakeUps.append(time)
            if isBoundedWorkLeft {
                wakeUps.append(start + (areBoundsContended ? Self.contendedPause : Self.boundedPause))
            }
        }
        let wakeUp = wakeUps.compactMap(\.self).min()
        if let wakeUp, wakeUp <= now { return .claim }
        return .sleep(until: wakeUp)
    }
}
