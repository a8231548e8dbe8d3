package import Logging
internal import Threading

/// Prepares a new session.
package typealias PreparationOfSession = @Sendable (PostgresConnection) throws(PostgresError) -> Void

/// Opens a connection. Tries again, with growing pauses, while the server is full, starting or unreachable.
package struct ConnectionAttempts {
    private let configuration: PostgresConfiguration
    private let settings: [String]
    private let logger: Logger
    private let prepare: PreparationOfSession

    /// - Parameters:
    ///   - settings: run-time parameters of the session, as `name = value`.
    ///   - prepare: called with each new connection. If it throws, the attempt has failed.
    package init(
        _ configuration: PostgresConfiguration, settings: [String] = [], logger: Logger,
        prepare: @escaping PreparationOfSession = { (_) throws(PostgresError) in }
    ) {
        self.configuration = configuration
        self.settings = settings
        self.logger = logger
        self.prepare = prepare
    }

    /// Makes one attempt, and up to ``PostgresConfiguration/connectionRetries`` more.
    /// - Parameter deadline: no attempt begins after it; `nil` for no deadline.
    /// - Throws: the error of the last attempt.
    package func connect(until deadline: ContinuousClock.Instant? = nil) throws(PostgresError) -> PostgresConnection {
        var backoff = Backoff(base: configuration.baseBackoff, cap: .seconds(30))
        var retries = 0
        while true {
            let start = ContinuousClock.now
            do {
                let connection = try PostgresConnection(configuration, settings: settings)
                try prepare(connection)
                DatabaseOutage.ended(configuration, logger: logger)
                return connection
            } catch {
                DatabaseOutage.noticed(configuration, error, since: start, logger: logger)
                guard error.isConnectRetryable, retries < configuration.connectionRetries else { throw error }
                var pause = backoff.next()
                if let deadline {
                    let remaining = deadline - .now
                    guard remaining > .zero else { throw error }
                    pause = min(pause, remaining)
                }
                retries += 1
                sleepCurrentThread(for: pause)
            }
        }
    }
}
