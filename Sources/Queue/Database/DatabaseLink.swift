internal import Logging
internal import Postgres

/// The database session of one thread. If the session is lost, the next use connects again.
///
/// There is a pause after each failed attempt to connect, and after a statement that was not answered in time. While
/// the database is out of reach, a call during the pause fails immediately with the last error. So callers do not wait.
/// A pause takes at most half a second, so a database that is back is noticed soon.
struct DatabaseLink {
    private let configuration: PostgresConfiguration
    private let settings: [String]
    private let logger: Logger
    /// Whether each new session checks the schema of the database. If the schema does not fit, the attempt to connect
    /// has failed.
    private let checksSchema: Bool
    /// Prepares each new session.
    private let prepare: (PostgresConnection) throws(PostgresError) -> Void

    private var connection: PostgresConnection?
    /// How many sessions there have been. When the number changes, the locks and the LISTEN of the previous session are
    /// gone.
    private(set) var sessions = 0
    private var backoff = Backoff(base: .milliseconds(50), cap: .milliseconds(500))
    /// The pause after a wait for a silent server. The requests that arrived during the wait fail during this pause.
    /// Without the pause, each of them would wait for the server as well.
    private static let silencePause = Duration.milliseconds(250)
    private var lastFailure: (error: PostgresError, retryAt: ContinuousClock.Instant)?

    init(
        _ configuration: PostgresConfiguration, settings: [String] = SessionSettings.fixedPlans, logger: Logger,
        checksSchema: Bool = true,
        prepare: @escaping (PostgresConnection) throws(PostgresError) -> Void = { (_) throws(PostgresError) in }
    ) {
        self.configuration = configuration
        self.settings = settings
        self.logger = logger
        self.checksSchema = checksSchema
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
            if checksSchema { try SchemaCheck.check(connection, logger: logger) }
            try prepare(connection)
            self.connection = connection
            sessions += 1
            if checksSchema { DatabaseOutage.ended(configuration, logger: logger) }
            lastFailure = nil
            backoff.reset()
            return connection
        } catch {
            DatabaseOutage.noticed(configuration, error, since: start, logger: logger)
            let now = ContinuousClock.now
            let isSilent = now - start > .seconds(1)
            lastFailure = (error, now + max(backoff.next(), isSilent ? Self.silencePause : .zero))
            throw error
        }
    }

    mutating func drop() { connection = nil }

    /// Drops the session after an error of a statement, if the session is lost.
    mutating func dropIfLost(_ error: PostgresError) {
        // If a part of the schema is missing, the session is dropped as well: the next one checks the schema and
        // reports what is wrong. If there is no session, the error comes from an attempt to connect, whose pause has
        // begun already.
        guard connection != nil, error.isConnectionLost || error.isSchemaMismatch else { return }
        connection = nil
        guard error.kind == .timedOut else { return }
        DatabaseOutage.noticed(configuration, error, since: .now, logger: logger)
        lastFailure = (error, .now + Self.silencePause)
    }

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
                dropIfLost(error)
                // A server that was silent for seconds is not asked again, because the caller waits.
                let isRepeatable =
                    error.isConnectionLost && error.kind != .timedOut || error.isSchemaMismatch
                    || error.isWorthAnotherRun
                guard attempts < 3, isRepeatable else { throw error }
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

extension PostgresError {
    /// undefined_table, undefined_function, undefined_column: the schema is not the one that this program needs.
    var isSchemaMismatch: Bool { kind == .server && ["42P01", "42883", "42703"].contains(sqlState ?? "") }

    /// Whether the server could not run the statement now, for a reason that may be gone later. The server rolled the
    /// transaction back.
    fileprivate var isServerShort: Bool {
        guard kind == .server, let sqlState else { return false }
        // Class 53, insufficient resources: a full disk, no memory, no free connection. Class 58, system error: the
        // disk reports an error. 57014, query_canceled: `statement_timeout`, or an administrator.
        return sqlState.hasPrefix("53") || sqlState.hasPrefix("58") || sqlState == "57014"
    }
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
        if error.kind == .schema {
            self = .schemaUnfit(advice: error.message)
            return
        }
        if error.isSchemaMismatch {
            self = .schemaUnfit(advice: SchemaCheck.generalAdvice)
            return
        }
        let isUnavailable = error.kind != .server || error.isServerShort
        self = isUnavailable ? .databaseUnavailable : .internalError
    }
}
