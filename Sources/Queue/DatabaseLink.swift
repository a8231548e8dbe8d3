internal import Logging
internal import Postgres

/// A thread's session with the database, made anew when it is lost.
///
/// Asking for it while the database is out of reach fails at once most of the time: attempts are spaced, and those who
/// ask in between are told the last one's error. So nobody hangs, and a database that is back is noticed within half
/// a second.
struct DatabaseLink {
    private let configuration: PostgresConfiguration
    private let settings: [String]
    private let logger: Logger
    /// Run on each new session.
    private let prepare: (PostgresConnection) throws(PostgresError) -> Void

    private var connection: PostgresConnection?
    /// How many sessions there have been: a change says that what the last one had, locks or LISTEN, is gone.
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

    /// The last attempt to connect failed, which has been logged.
    var isAway: Bool { lastFailure != nil }

    /// How long until another attempt is made; zero while connected.
    var pause: Duration { lastFailure.map { max(.zero, $0.retryAt - .now) } ?? .zero }

    /// The session, alive as far as can be seen from here.
    /// - Parameter isUrgent: attempt to connect even if the last attempt was just now.
    mutating func connected(isUrgent: Bool = false) throws(PostgresError) -> PostgresConnection {
        if let connection {
            if connection.isServerThere { return connection }
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

    /// Runs statements that may be run twice: after a lost connection, once more on a new one.
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
    /// The transaction was rolled back for a reason that is gone by now. Besides the general ones: a finished task was on
    /// its way to the default partition while its day got one of its own (check_violation; there is no other check).
    var isWorthAnotherRun: Bool { isTransactionRetryable || kind == .server && sqlState == "23514" }
}

extension QueueError {
    /// What an error of the database means to the queue's users.
    init(_ error: PostgresError) {
        // One that others got in the way of again and again, as well: a later one may get through.
        if error.isLockTimeout || error.isTransactionRetryable {
            self = .locked
            return
        }
        // undefined_table and undefined_function: the schema is not there yet, `millrace migrate` is on its way.
        let isUnready = error.sqlState == "42P01" || error.sqlState == "42883"
        // Class 53, insufficient resources: a full disk, no memory, no connection left. It passes.
        let isShort = error.sqlState?.hasPrefix("53") ?? false
        let isAway = error.kind != .server || isUnready || isShort
        self = isAway ? .databaseUnavailable : .internalError
    }
}
