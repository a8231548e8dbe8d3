/// Decides which of many equal events are logged: the first one, and then one per interval, with the number of events
/// since the last one that was logged.
struct LogThrottle {
    let interval: Duration
    private var unlogged = 0
    private var loggedAt: ContinuousClock.Instant?

    init(interval: Duration) { self.interval = interval }

    /// Counts one event.
    /// - Returns: the number of events to log, this one included; `nil` if nothing is to be logged now.
    mutating func count(at now: ContinuousClock.Instant) -> Int? {
        unlogged += 1
        if let loggedAt, now - loggedAt < interval { return nil }
        defer { unlogged = 0 }
        loggedAt = now
        return unlogged
    }
}
