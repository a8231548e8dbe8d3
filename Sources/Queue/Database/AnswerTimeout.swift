internal import Postgres

/// How long a node waits for the answer to a statement. After that time, the node assumes that the server is stopped or
/// cut off. It gives up the session, and answers its clients.
enum AnswerTimeout {
    /// Submissions of few tasks, look-ups and lists. Their statements take milliseconds, or at most 2 s if they wait
    /// for a lock (``LockTimeout``).
    static let regular = Duration.seconds(5)
    /// Submissions of many tasks: the server may work on 10,000 rows for some seconds.
    static let largeRequest = Duration.seconds(8)
    /// Statements that take long by nature.
    static let long = Duration.seconds(30)
    /// A worker's transactions. They may have to wait for locks, without a lock timeout. The time is long, because a
    /// worker that gives up its session loses its tasks.
    static let worker = Duration.seconds(10)
}

extension PostgresConfiguration {
    /// The same configuration with this timeout, unless its own one is shorter.
    func answered(within timeout: Duration) -> PostgresConfiguration {
        var configuration = self
        configuration.responseTimeout = min(responseTimeout, timeout)
        return configuration
    }
}
