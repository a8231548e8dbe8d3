internal import JSON
internal import Logging
internal import Queue
internal import Postgres
internal import Tasks
internal import Threading

/// The two ends of a queue in this process: a client that submits tasks, and the session of a worker.
struct QueueEnds {
    let client: QueueClient
    let session: WorkerSession
    private let watch: WorkerWatch
    private let definition: TaskDefinition

    private static let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }

    /// - Parameter connectionString: a connection string of libpq.
    init(_ connectionString: String) throws {
        guard let definition = TaskRegistry.builtIn.definition(named: "sha256") else { throw BenchError("no sha256") }
        self.definition = definition
        let postgres = PostgresConfiguration(connectionString: connectionString)
        client = QueueClient(
            QueueClient.Configuration(postgres: postgres, queueLimit: 10_000_000), logger: Self.logger)
        watch = WorkerWatch(WorkerWatch.Configuration(postgres: postgres), logger: Self.logger)
        session = WorkerSession(
            WorkerSession.Configuration(postgres: postgres, name: "bench", types: ["sha256"]), watch: watch,
            logger: Self.logger)
        try session.register()
    }

    func stop() {
        session.signOff()
        watch.stop()
        client.shutdown()
    }

    /// Submits `count` tasks in one transaction. Returns after the commit.
    func submit(_ count: Int, label: String) throws {
        let tasks = try (0..<count).map { number in
            Submission(task: try definition.prepare(.object(["string": .string("\(label) \(number)")])))
        }
        let answer = Monitor<Result<Int, QueueError>?>(nil)
        client.submit(tasks, wait: nil) { result in answer.broadcast { $0 = result.map(\.count) } }
        guard try answer.wait({ $0 }).get() == count else { throw BenchError("tasks were not stored") }
    }

    /// Claims up to `count` tasks.
    /// - Returns: the tasks, and the time of the claim. The time includes no completions and no wait for the disk.
    func claim(_ count: Int) throws -> (tasks: [ClaimedTask], time: Duration) {
        let start = ContinuousClock.now
        let tasks = try session.transact(completed: [], claim: count)
        return (tasks, .now - start)
    }

    func complete(_ tasks: [ClaimedTask]) throws {
        let ends = try tasks.map {
            TaskCompletion(id: $0.id, outcome: .completed(result: try definition.run($0.input)))
        }
        _ = try session.transact(completed: ends, claim: 0)
    }
}
