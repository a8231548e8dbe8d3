/// How long to wait before a process that ended is started again.
///
/// The delay doubles with each restart. It returns to the minimum if the process ran for at least ``stableFactor``
/// times its current delay.
struct RestartBackoff {
    static let minDelay = Duration.milliseconds(100)
    static let maxDelay = Duration.seconds(10)
    /// A process that ran for this many times its current delay counts as stable.
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
