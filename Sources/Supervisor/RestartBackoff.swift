/// How long to wait before a process that ended is started again: doubling, and forgotten after a good while, which is
/// the longer the more often it ended.
struct RestartBackoff {
    static let shortest = Duration.milliseconds(100)
    static let longest = Duration.seconds(10)
    /// A process that ran this many times as long as it is to wait now was well; its end is a new story.
    static let goodWhile = 10

    private var next = shortest

    /// - Parameter ran: how long the process ran until it ended.
    /// - Returns: how long to wait before the next start.
    mutating func delay(afterRunning ran: Duration) -> Duration {
        if ran >= next * Self.goodWhile { next = Self.shortest }
        defer { next = min(next * 2, Self.longest) }
        return next
    }
}
