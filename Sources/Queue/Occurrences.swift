/// Tells which of many equal occurrences to log: the first, and then one in each interval for all of it.
struct Occurrences {
    let interval: Duration
    private var untold = 0
    private var toldAt: ContinuousClock.Instant?

    init(interval: Duration) { self.interval = interval }

    /// One more.
    /// - Returns: how many there were since the last time that it was to be told, when it is to be told now.
    mutating func count(at now: ContinuousClock.Instant) -> Int? {
        untold += 1
        if let toldAt, now - toldAt < interval { return nil }
        defer { untold = 0 }
        toldAt = now
        return untold
    }
}
