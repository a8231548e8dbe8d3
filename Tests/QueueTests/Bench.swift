internal import Logging
internal import Postgres
internal import Queue
internal import Schema
internal import Tasks
internal import TestSupport
internal import Threading

/// A migrated database, and clients and sessions for it. Each suite has one. The database is dropped when the last
/// reference to this object is released.
final class Bench: Sendable {
    /// Shows errors in the tests' output. Tests provoke some of them on purpose.
    static let logger: Logger = {
        var logger = Logger(label: "queue") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }()

    let database: TestDatabase

    init(on cluster: TestCluster = .shared) throws {
        database = try TestDatabase(on: cluster)
        let connection = try PostgresConnection(PostgresConfiguration(connectionString: database.connectionString))
        _ = try Schema.migrate(connection)
    }

    var postgres: PostgresConfiguration {
        PostgresConfiguration(connectionString: database.connectionString, responseTimeout: .seconds(20))
    }

    func client(
        queueLimit: Int = 0, cacheSecret: [UInt8]? = nil, idempotencyTTL: Duration = .seconds(60),
        keepsFailedInput: Bool = false, logger: Logger = Bench.logger
    ) -> QueueClient {
        QueueClient(
            QueueClient.Configuration(
                postgres: postgres, queueLimit: queueLimit, cacheSecret: cacheSecret, idempotencyTTL: idempotencyTTL,
                keepsFailedInput: keepsFailedInput), logger: logger)
    }

    /// A registered session.
    func session(
        _ name: String = "worker", types: [String] = ["sha256"], concurrency: Int = 100, watch: WorkerWatch? = nil,
        cacheTTL: Duration = .seconds(60), keepsFailedInput: Bool = false, logger: Logger = Bench.logger
    ) throws -> WorkerSession {
        let session = WorkerSession(
            WorkerSession.Configuration(
                postgres: postgres, name: name, types: types, concurrency: concurrency, cacheTTL: cacheTTL,
                keepsFailedInput: keepsFailedInput), watch: watch, logger: logger)
        try session.register()
        return session
    }

    func watch(
        cacheMaxEntries: Int = 0, retention: Duration = .seconds(7 * 86_400),
        maintenanceInterval: Duration = .milliseconds(100), logger: Logger = Bench.logger
    ) -> WorkerWatch {
        WorkerWatch(
            WorkerWatch.Configuration(
                postgres: postgres, retention: retention, cacheMaxEntries: cacheMaxEntries,
                maintenanceInterval: maintenanceInterval),
            logger: logger)
    }

    /// Ends a session from outside, as the server does when the worker's process is killed.
    func kill(_ session: WorkerSession) throws {
        guard let worker = session.workerID else { throw Unexpected(what: "not registered") }
        try database.sql(
            """
            SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'advisory' AND classid = worker_lock_class() AND objid = \(worker) AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """)
    }

    /// The single value that an SQL statement returns.
    func value(_ sql: String) throws -> String { try database.sql(sql) }

    /// A session that keeps a task's row locked, like the session of a worker that is stopped in the middle of a claim.
    func locker(_ id: TaskID) throws -> PostgresConnection {
        let holder = try PostgresConnection(postgres)
        try holder.execute(text: "BEGIN; SELECT FROM task WHERE id = '\(id)' FOR UPDATE")
        return holder
    }

    /// The number of sessions that wait for a lock.
    func waiting() throws -> Int? {
        Int(
            try value(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
        )
    }

    func untilOneWaits() throws { try eventually("it waits") { try waiting() == 1 } }

    /// A submission that waits for a lock.
    struct HeldUpSubmission {
        fileprivate let answer = Monitor<Result<[SubmissionOutcome], QueueError>?>(nil)

        /// Waits for the answer.
        func outcomes() throws -> [SubmissionOutcome] {
            guard let answer = answer.wait(for: .seconds(10), { $0 }) else { throw Unexpected(what: "no answer") }
            return try answer.get()
        }
    }

    /// Submits tasks. Returns when the session that stores them waits for a lock.
    func submitHeldUp(_ client: QueueClient, _ sent: [Submission]) throws -> HeldUpSubmission {
        let submission = HeldUpSubmission()
        let answer = submission.answer
        client.submit(sent, wait: nil) { result in answer.broadcast { $0 = result } }
        try untilOneWaits()
        return submission
    }

    /// Submits requests so that the client stores them as one batch. A task "first", which is submitted before them,
    /// makes the submitting thread wait for a lock until all requests have arrived.
    func submitTogether(
        _ client: QueueClient, _ requests: [(tasks: [Submission], key: IdempotencyKey?)]
    ) throws -> [Result<[SubmissionOutcome], QueueError>] {
        let holder = try PostgresConnection(postgres)
        try holder.execute(text: "BEGIN; LOCK TABLE cache_statistics IN SHARE MODE")
        client.submit([Submission(task: task("first"))], wait: nil) { _ in }
        try eventually("it waits") {
            try value(
                "SELECT count(*) FROM pg_locks WHERE relation = 'cache_statistics'::regclass AND NOT granted") == "1"
        }
        let answers = Monitor<[Int: Result<[SubmissionOutcome], QueueError>]>([:])
        for (number, request) in requests.enumerated() {
            client.submit(request.tasks, wait: nil, key: request.key) { result in
                answers.broadcast { $0[number] = result }
            }
        }
        try holder.execute(text: "ROLLBACK")
        guard let result = answers.wait(for: .seconds(20), { $0.count == requests.count ? $0 : nil }) else {
            throw Unexpected(what: "no answers")
        }
        return requests.indices.map { result[$0]! }
    }
}

/// A task whose input is `name`. Cacheable tasks of the same name are identical.
func task(_ name: String, type: String = "sha256", isCacheable: Bool = true) -> PreparedTask {
    PreparedTask(type: type, input: Array("{\"string\":\"\(name)\"}".utf8), isCacheable: isCacheable)
}

/// Waits for an answer from another thread.
func answer<Value: Sendable>(
    within timeout: Duration = .seconds(20), _ start: (@escaping @Sendable (Value) -> Void) -> Void
) throws -> Value {
    let box = Monitor<Value?>(nil)
    start { value in box.broadcast { $0 = value } }
    guard let value = box.wait(for: timeout, { $0 }) else { throw Unexpected(what: "no answer") }
    return value
}

extension QueueClient {
    func submit(
        _ tasks: [Submission], wait: Duration? = nil, key: IdempotencyKey? = nil
    ) throws -> [SubmissionOutcome] {
        try answer { submit(tasks, wait: wait, key: key, then: $0) }.get()
    }

    func submit(_ task: PreparedTask, wait: Duration? = nil) throws -> SubmissionOutcome {
        try submit([Submission(task: task)], wait: wait)[0]
    }

    func record(_ id: TaskID, wait: Duration? = nil) throws -> TaskRecord? {
        try answer { task(id, by: .all, wait: wait, then: $0) }.get()
    }

    func retry(_ id: TaskID, as task: PreparedTask?) throws -> Retry {
        try lookUp(id, by: .all).map { try retry($0, as: task) } ?? .unknown
    }

    func databaseState() throws -> DatabaseState { try answer { databaseState(then: $0) } }

    func isDatabaseUp() throws -> Bool { try databaseState() == .up(note: nil) }

    func cancel(_ id: TaskID, by canceller: TaskID = TaskID()) throws -> Cancellation {
        try answer { cancel(id, by: .all, canceller: canceller, then: $0) }.get()
    }
}

extension SubmissionOutcome {
    var queuedID: TaskID? { if case .queued(let id) = self { id } else { nil } }
}

extension WorkerSession {
    /// Claims tasks as a worker that has no task.
    func claim(_ count: Int = 100) throws -> [ClaimedTask] {
        try transact(completed: [], claim: count, isAlone: true)
    }

    func complete(_ tasks: [ClaimedTask], result: String = #"{"hash":"00"}"#) throws {
        _ = try transact(
            completed: tasks.map { TaskCompletion(id: $0.id, outcome: .completed(result: Array(result.utf8))) },
            claim: 0)
    }

    func fail(_ tasks: [ClaimedTask], _ message: String = "no luck", isRetryable: Bool = true) throws {
        _ = try transact(
            completed: tasks.map {
                TaskCompletion(id: $0.id, outcome: .failed(message: message, isRetryable: isRetryable))
            }, claim: 0)
    }
}

struct Unexpected: Error {
    let what: String
}
