/// Decides when a sleeping worker looks for work again. It does no I/O and reads no clock: the caller passes the times.
///
/// Notifications announce most work, but not all. No notification comes when a postponed task becomes due, when a task
/// becomes free that another claim had locked, or when a task of a bounded type may run because another task has ended.
/// So after a short time without notifications, the worker asks the database once what will be due, and then sleeps
/// until that time.
struct WakeSchedule {
    typealias Instant = ContinuousClock.Instant

    enum Step: Equatable {
        /// There may be something to claim.
        case claim
        /// Ask the database what will be due (``WorkerSQL/nextDue``), and call ``learned(nextDue:isBoundedWorkLeft:)``.
        case ask
        /// Sleep until this time, unless a notification arrives or the worker is woken before.
        /// - Parameter until: `nil`: without a limit.
        case sleep(until: Instant?)
    }

    /// The time without notifications after which the worker asks the database what is due next. Under load,
    /// notifications come more often, so it does not ask. After this time, a task that another transaction had locked
    /// during the last claim is free, because such transactions are short.
    static let quietTime = Duration.milliseconds(5)
    /// How soon the worker looks again for tasks of a bounded type. Such a task may run when another worker has stored
    /// a result of the type.
    static let boundedPause = Duration.milliseconds(40)
    /// Replaces `boundedPause` if the last claim could not take tasks of a bounded type.
    static let contendedPause = Duration.milliseconds(5)

    /// The database's last answer about postponed tasks.
    private enum NextDue: Equatable {
        case unknown
        /// - Parameter time: `nil`: no task is postponed.
        case known(time: Instant?)
    }

    /// Whether a notification has arrived since the last claim was sent.
    private var isWorkAnnounced = false
    private var nextDue = NextDue.unknown
    /// Whether a task of a bounded type is due, but may not run now.
    private var isBoundedWorkLeft = false
    /// True if the last claim could not take tasks of a bounded type, because another worker's claim had locked the
    /// type, or because this worker had not tried to lock it.
    private var areBoundsContended = false

    /// The session is new: the queue may contain anything.
    mutating func registered() {
        isWorkAnnounced = true
        nextDue = .unknown
    }

    /// A notification has arrived.
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
