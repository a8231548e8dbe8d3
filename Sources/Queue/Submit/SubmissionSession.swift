internal import Logging
internal import Postgres

/// The database session of a thread that stores tasks.
struct SubmissionSession {
    /// The facts that each new session reads first.
    private final class Facts {
        var secret: [UInt8] = []
        var server: ServerSession?
    }

    private let facts = Facts()
    private let logger: Logger
    private var link: DatabaseLink
    private var notifier = WorkNotifier()

    init(_ configuration: PostgresConfiguration, logger: Logger) {
        self.logger = logger
        let facts = facts
        link = DatabaseLink(configuration, settings: SessionSettings.node, logger: logger) {
            (connection) throws(PostgresError) in
            try NodeClock.compare(connection, logger: logger)
            let row = try connection.execute(SubmitSQL.session.with())
            facts.secret = row.bytes(0, 0) ?? []
            facts.server = ServerSession(process: Int32(row.integer(0, 2) ?? 0), startedAt: row.time(0, 1) ?? 0)
        }
    }

    /// The secret of cache keys that is stored in the database; empty before the first connection.
    var secret: [UInt8] { facts.secret }

    /// The last session; `nil` before the first connection.
    var server: ServerSession? { facts.server }

    /// Whether a notification was sent whose answer has not been read.
    var isNotifying: Bool { notifier.isPending }

    /// A connection on which no answer is pending.
    /// - Parameter isUrgent: connect even if the last attempt to connect failed just now.
    mutating func connection(isUrgent: Bool = false) throws(PostgresError) -> PostgresConnection {
        let connection = try link.connected(isUrgent: isUrgent)
        do {
            try receiveNotification(connection)
            return connection
        } catch {
            link.dropIfLost(error)
            return try link.connected(isUrgent: isUrgent)
        }
    }

    mutating func drop() { link.drop() }

    mutating func dropIfLost(_ error: PostgresError) { link.dropIfLost(error) }

    /// Wakes the workers, without waiting for the server. A failure does no harm (``WorkNotifier``).
    mutating func notifyWorkers(_ connection: PostgresConnection) {
        do {
            try notifier.send(connection, session: link.sessions)
        } catch {
            dropIfLost(error)
        }
    }

    mutating func receiveNotification(_ connection: PostgresConnection) throws(PostgresError) {
        try notifier.receive(connection, session: link.sessions)
    }

    /// Changes the lock timeout of this session. A new session begins with the regular one.
    mutating func set(_ timeout: LockTimeout) {
        do {
            try connection().execute(text: "SET \(timeout.setting)")
        } catch {
            link.drop()
        }
    }

    /// Finds out which tasks were stored by a transaction whose session was lost.
    ///
    /// The lost session is ended first, so that the answer is final. But with synchronous replication, a task that is
    /// visible may still be lost in a failover: a session that ends does not wait for the standby any longer. So this
    /// session makes a commit of its own, which comes later in the WAL. When this commit is on the standby, the tasks
    /// are, too.
    /// - Parameter timeout: how long all of this may take.
    /// - Throws: a timeout if the lost session does not end: it may be waiting for the disk in the middle of its
    ///   commit. Also a timeout if this session's own commit does not reach the standby.
    func tasks(
        _ ids: [TaskID], storedBy session: ServerSession, within timeout: Duration, _ connection: PostgresConnection
    ) throws(PostgresError) -> Set<TaskID> {
        let deadline = ContinuousClock.now + timeout
        let ended = try connection.execute(
            SubmitSQL.endSession.with(.int4(session.process), .timestamptz(session.startedAt)), timeout: timeout)
        if ended.bool(0, 0) == false {
            throw PostgresError(.timedOut, message: "the session whose commit is in doubt does not end")
        }
        let known = try connection.execute(SubmitSQL.known.with(ids: ids), timeout: deadline - .now)
        try connection.execute(SubmitSQL.confirm.with(), timeout: deadline - .now)
        let stored = Set((0..<known.rowCount).compactMap { known.taskID($0, 0) })
        logger.notice(
            "Resolved an in-doubt commit", metadata: ["tasks": "\(ids.count)", "stored": "\(stored.count)"])
        return stored
    }
}
