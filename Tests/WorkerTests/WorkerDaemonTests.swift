import Glibc
import JSON
import Logging
import Postgres
import Queue
import Reactor
import Schema
import Tasks
import TestSupport
import Testing
import Threading
import Worker

/// Sleeps for `milliseconds`.
private enum Nap: TaskType {
    static let name = "nap"
    static let summary = "Sleeps."
    static let isHash = false
    static let milliseconds = Member.integer("milliseconds", 0...100_000, "How long.", example: 1)
    static let input = InputShape(milliseconds)
    static let resultMembers: [String: JSONValue] = [:]

    static func isCacheable(_ input: Input) -> Bool { false }

    static func run(_ input: Input) -> [String: JSONValue] {
        usleep(UInt32(input[milliseconds]) * 1000)
        return [:]
    }
}

/// Sleeps for longer than its time limit, and does not check the limit.
private enum Runaway: TaskType {
    static let name = "runaway"
    static let summary = "Does not end in time."
    static let isHash = false
    static let timeLimit: Duration? = .zero
    static let input = InputShape()
    static let resultMembers: [String: JSONValue] = [:]

    static func isCacheable(_ input: Input) -> Bool { false }

    static func run(_ input: Input) -> [String: JSONValue] {
        sleep(8)
        return [:]
    }
}

/// Always fails.
private enum Fail: TaskType {
    static let name = "fail"
    static let summary = "Fails."
    static let isHash = false
    static let input = InputShape()
    static let resultMembers: [String: JSONValue] = [:]

    static func isCacheable(_ input: Input) -> Bool { false }

    static func run(_ input: Input) throws(TaskFailure) -> [String: JSONValue] {
        throw TaskFailure("it always does", isRetryable: false)
    }
}

/// A worker daemon on a database of its own.
private final class Bench: Sendable {
    let database: TestDatabase
    let daemon: WorkerDaemon
    let client: QueueClient
    private let exit = Monitor<WorkerDaemon.Exit?>(nil)

    init(
        concurrency: Int = 2, gracePeriod: Duration = .seconds(10),
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) throws {
        database = try TestDatabase()
        let postgres = PostgresConfiguration(connectionString: database.connectionString)
        _ = try Schema.migrate(PostgresConnection(postgres))
        daemon = try WorkerDaemon(
            configuration: WorkerDaemon.Configuration(
                postgres: postgres, name: "worker-1", concurrency: concurrency, metrics: HostPort("127.0.0.1:0"),
                gracePeriod: gracePeriod),
            types: TaskRegistry(
                TaskRegistry.builtIn.all + [
                    TaskDefinition(Nap.self), TaskDefinition(Fail.self), TaskDefinition(Runaway.self),
                ]),
            logger: logger)
        client = QueueClient(QueueClient.Configuration(postgres: postgres, queueLimit: 0), logger: logger)
    }

    func start() {
        _ = NamedThread("worker") { [daemon, exit] in
            let result = daemon.run()
            exit.broadcast { $0 = result }
        }
    }

    func stop() -> WorkerDaemon.Exit? {
        daemon.stop()
        return exited()
    }

    func exited() -> WorkerDaemon.Exit? { exit.wait(for: .seconds(30)) { $0 } }

    func submit(_ tasks: [PreparedTask]) throws -> [TaskID] {
        let submissions = tasks.map { Submission(task: $0) }
        let result = Monitor<Result<[SubmissionOutcome], QueueError>?>(nil)
        client.submit(submissions, wait: nil) { value in result.broadcast { $0 = value } }
        _ = try #require(result.wait(for: .seconds(20)) { $0 }).get()
        return submissions.map(\.id)
    }

    func naps(_ count: Int, milliseconds: Int) throws -> [TaskID] {
        let definition = TaskDefinition(Nap.self)
        return try submit(
            (0..<count).map { _ in try definition.prepare(["milliseconds": .integer(Int64(milliseconds))]) })
    }

    func count(_ condition: String) throws -> Int { try Int(database.sql("SELECT count(*) FROM \(condition)")) ?? -1 }

    func completed() throws -> Int { try count("finished_task WHERE outcome = 'completed'") }
}

@Suite struct `The worker daemon` {
    @Test func `A worker computes each task exactly once, and counts it in its metrics`() throws {
        let bench = try Bench()
        defer { bench.client.shutdown() }
        bench.start()
        let sha256 = try #require(TaskRegistry.builtIn.definition(named: "sha256"))
        let tasks = try (0..<3000).map { try sha256.prepare(["string": .string("text \($0)")]) }
        for batch in 0..<3 { _ = try bench.submit(Array(tasks[batch * 1000..<(batch + 1) * 1000])) }
        try eventually("all are computed") { try bench.completed() == 3000 }
        #expect(try bench.count("finished_task WHERE attempts <> 1") == 0)
        #expect(
            try bench.count(
                """
                finished_task WHERE result->>'hash' NOT IN
                (SELECT encode(sha256(convert_to('text ' || n, 'utf8')), 'hex') FROM generate_series(0, 2999) n)
                """) == 0)
        #expect(bench.stop() == .finished)
        #expect(try bench.count("worker") == 0)
        #expect(try bench.count("task") == 0)
    }

    @Test func `A single task is computed at once`() throws {
        let bench = try Bench()
        defer { bench.client.shutdown() }
        bench.start()
        _ = try bench.naps(1, milliseconds: 0)
        try eventually("the first one is done") { try bench.completed() == 1 }
        let start = ContinuousClock.now
        let id = try #require(try bench.naps(1, milliseconds: 0).first)
        let record = Monitor<TaskRecord?>(nil)
        bench.client.task(id, by: .all, wait: .seconds(10)) { result in record.broadcast { $0 = try? result.get() } }
        #expect(record.wait(for: .seconds(10)) { $0 }?.status == .completed)
        #expect(ContinuousClock.now - start < .seconds(2))
        #expect(bench.stop() == .finished)
    }

    @Test func `On a stop, running tasks finish and the others are given back`() throws {
        let bench = try Bench()
        defer { bench.client.shutdown() }
        _ = try bench.naps(20, milliseconds: 400)
        bench.start()
        try eventually("two run") { try bench.count("task WHERE worker_id IS NOT NULL") >= 2 }
        #expect(bench.stop() == .finished)
        let done = try bench.completed()
        #expect((2...4).contains(done))
        #expect(try bench.count("task WHERE worker_id IS NULL AND attempts = 0") == 20 - done)
        #expect(try bench.count("worker") == 0)
    }

    @Test func `A task that takes longer than the grace period is given back`() throws {
        let bench = try Bench(concurrency: 1, gracePeriod: .milliseconds(100))
        defer { bench.client.shutdown() }
        _ = try bench.naps(1, milliseconds: 1500)
        bench.start()
        try eventually("it runs") { try bench.count("task WHERE worker_id IS NOT NULL") == 1 }
        #expect(bench.stop() == .stillComputing(1))
        #expect(try bench.count("task WHERE worker_id IS NULL") == 1)
        #expect(try bench.count("worker") == 0)
        usleep(1_600_000)
        #expect(try bench.completed() == 0)
    }

    @Test func `A worker that loses its session goes on with a new one, and every task ends once`() throws {
        let bench = try Bench()
        defer { bench.client.shutdown() }
        bench.start()
        _ = try bench.naps(200, milliseconds: 10)
        for round in 1...3 {
            try eventually("some are done") { try bench.completed() >= round * 20 }
            try bench.database.sql(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """)
        }
        try eventually("all are done") { try bench.completed() == 200 }
        #expect(try bench.count("task") == 0)
        #expect(bench.stop() == .finished)
    }

    @Test func `A task fails for good, and one of a type that only another version knows stays queued`() throws {
        let bench = try Bench()
        defer { bench.client.shutdown() }
        bench.start()
        let unknown = PreparedTask(type: "unheard-of", input: Array("{}".utf8), isCacheable: false)
        _ = try bench.submit([try TaskDefinition(Fail.self).prepare([:]), unknown])
        try eventually("it failed") { try bench.count("finished_task WHERE error = 'it always does'") == 1 }
        #expect(bench.stop() == .finished)
        #expect(try bench.count("task WHERE type = 'unheard-of' AND attempts = 0 AND last_error IS NULL") == 1)
    }

    @Test
    func `A computation that exceeds its time limit fails, other tasks finish, and the worker asks for a restart`()
        throws
    {
        let bench = try Bench(concurrency: 2)
        defer { bench.client.shutdown() }
        bench.start()
        _ = try bench.submit([try TaskDefinition(Runaway.self).prepare([:])])
        _ = try bench.naps(3, milliseconds: 300)
        try eventually("it failed") { try bench.count("finished_task WHERE error = 'it took longer than 0 s'") == 1 }
        #expect(bench.exited() == .stuck)
        #expect(try bench.completed() + bench.count("task WHERE worker_id IS NULL AND attempts = 0") == 3)
        #expect(try bench.completed() >= 1)
        #expect(try bench.count("worker") == 0)
    }

    @Test func `A failed task is one line in the log, without its input and the text of its error`() throws {
        let log = LogRecorder()
        let bench = try Bench(logger: log.logger)
        defer { bench.client.shutdown() }
        bench.start()
        let id = try bench.submit([try TaskDefinition(Fail.self).prepare([:])])[0]
        try eventually("it failed") { try bench.count("finished_task WHERE outcome = 'failed'") == 1 }
        #expect(bench.stop() == .finished)
        let lines = log.texts.filter { $0.contains("\(id)") }
        #expect(lines == ["Task failed attempt=1 task.id=\(id) task.type=fail"])
        #expect(!log.texts.contains { $0.contains("it always does") })
    }

    @Test func `Without a database the worker waits, and can be stopped`() throws {
        let log = LogRecorder()
        let daemon = try WorkerDaemon(
            configuration: WorkerDaemon.Configuration(
                postgres: PostgresConfiguration(connectionString: "host=/nowhere dbname=none"), name: "w",
                concurrency: 1),
            types: .builtIn, logger: log.logger)
        let thread = NamedThread("worker") { #expect(daemon.run() == .finished) }
        try eventually("it has tried to connect") { log.messages.contains("The database is out of reach") }
        daemon.stop()
        thread.join()
    }
}
