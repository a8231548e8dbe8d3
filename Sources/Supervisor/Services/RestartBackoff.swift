/// How long to wait before a process that ended is started again.
///
/// The delay doubles with each restart. If the process ran for at least ``stableFactor`` times the current delay, the
/// delay returns to the minimum.
struct RestartBackoff {
    static let minDelay = Duration.milliseconds(100)
    static let maxDelay = Duration.seconds(10)
    /// If a process ran for at least this many times the current delay, it counts as stable.
    static let stableFactor = 10

    private var next = minDelay

    /// - Parameter ran: how long the process ran until it ended.
    /// - Returns: how long to wait before the next start.
    mutating func delay(afterRunning ran: Duration) -> Duration {
        if ran >= next * Self.stableFactor { next = Self.minDelay }
        defer { next = min(next * 2, Self.maxDelay) }
        return next
    }
}
