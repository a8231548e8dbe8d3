internal import Logging
internal import Postgres

/// The database session of one thread. A lost session is replaced at its next use.
///
/// There is a pause after each failed attempt to connect. While the database is out of reach, a call during the pause
/// fails immediately with the error of the last attempt. So callers do not wait. A pause takes at most half a second,
/// so a database that is back is noticed soon.
struct DatabaseLink {
    private let configuration: PostgresConfiguration
    private let settings: [String]
    private let logger: Logger
    /// Prepares each new session.
    private let prepare: (PostgresConnection) throws(PostgresError) -> Void

    private var connection: PostgresConnection?
    /// How many sessions there have been. When the number changes, the locks and the LISTEN of the previous session are
    /// gone.
    private(set) var sessions = 0
    private var backoff = Backoff(base: .milliseconds(50), cap: .milliseconds(500))
    private var lastFailure: (error: PostgresError, retryAt: ContinuousClock.Instant)?

    init(
        _ configuration: PostgresConfiguration, settings: [String] = SessionSettings.fixedPlans, logger: Logger,
        prepare: @escaping (PostgresConnection) throws(PostgresError) -> Void = { (_) throws(PostgresError) in }
    ) {
        self.configuration = configuration
        self.settings = settings
        self.logger = logger
        self.prepare = prepare
    }

    /// Whether the last attempt to connect failed. The failure has been logged.
    var isDown: Bool { lastFailure != nil }

    /// The time until the next attempt to connect; zero while connected.
    var pause: Duration { lastFailure.map { max(.zero, $0.retryAt - .now) } ?? .zero }

    /// Returns the session, or connects if there is none. As far as this process knows, the session is alive.
    /// - Parameter isUrgent: connect even if the last attempt failed just now.
    mutating func connected(isUrgent: Bool = false) throws(PostgresError) -> PostgresConnection {
        if let connection {
            if connection.checkServer() { return connection }
            drop()
        }
        if let lastFailure, !isUrgent, lastFailure.retryAt > .now { throw lastFailure.error }
        let start = ContinuousClock.now
        do {
            let connection = try PostgresConnection(configuration, settings: settings)
            try prepare(connection)
            self.connection = connection
            sessions += 1
            DatabaseOutage.ended(configuration, logger: logger)
            lastFailure = nil
            backoff.reset()
            return connection
        } catch {
            DatabaseOutage.noticed(configuration, error, since: start, logger: logger)
            lastFailure = (error, .now + backoff.next())
            throw error
        }
    }

    mutating func drop() { connection = nil }

    /// Runs statements that may be run twice. If the connection is lost, it runs them again on a new one.
    mutating func repeatable<Value>(
        _ body: (PostgresConnection) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        var attempts = 0
        while true {
            attempts += 1
            let connection = try connected()
            do {
                return try body(connection)
            } catch {
                if error.isConnectionLost { drop() }
                guard attempts < 3, error.isConnectionLost || error.isWorthAnotherRun else { throw error }
            }
        }
    }
}

extension PostgresError {
    /// Whether the transaction was rolled back for a reason that is probably gone now. Such reasons are conflicts with
    /// other transactions, and 23514 (check_violation): a finished task was written to the default partition while the
    /// partition of its day was created. The statements whose errors are tested with this property can violate no other
    /// CHECK.
    var isWorthAnotherRun: Bool { isTransactionRetryable || kind == .server && sqlState == "23514" }
}

extension QueueError {
    /// Translates a database error into an error for the users of the queue.
    init(_ error: PostgresError) {
        // A transaction that conflicted with others in all its attempts is reported as `locked`, too: a later attempt
        // may succeed.
        if error.isLockTimeout || error.isTransactionRetryable {
            self = .locked
            return
        }
        // undefined_table and undefined_function: the schema is not there yet, because `millrace migrate` has not
        // finished.
        let isUnready = error.sqlState == "42P01" || error.sqlState == "42883"
        // Class 53, insufficient resources: a full disk, no memory, no free connection. That is temporary.
        let isShort = error.sqlState?.hasPrefix("53") ?? false
        let isUnavailable = error.kind != .server || isUnready || isShort
        self = isUnavailable ? .databaseUnavailable : .internalError
    }
}
