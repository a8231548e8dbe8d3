import API
import Logging
import Postgres
import Queue
import Reactor
import Schema
import Synchronization
import Tasks
import TestSupport
import Threading

/// A node on a unix socket, with its own migrated database.
final class TestNode: Sendable {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    let database: TestDatabase
    private let folder = TemporaryFolder()
    private let node: APINode
    private let thread: NamedThread
    private let isStopped = Atomic<Bool>(false)

    init(
        on cluster: TestCluster = .shared, queueLimit: Int = 0, adminToken: String? = "secret",
        anonymous: AnonymousPolicy = .all, threads: Int = 4, logger: Logger = TestNode.logger
    ) throws {
        database = try TestDatabase(on: cluster)
        let connection = try PostgresConnection(PostgresConfiguration(connectionString: database.connectionString))
        _ = try Schema.migrate(connection)
        let queue = QueueClient(
            .init(postgres: PostgresConfiguration(connectionString: database.connectionString), queueLimit: queueLimit),
            logger: Self.logger)
        var configuration = APINode.Configuration(listen: .unix(path: folder.file("s")), name: "api-1")
        configuration.adminToken = adminToken
        configuration.anonymous = anonymous
        configuration.threads = threads
        let node = try APINode(configuration, types: .builtIn, queue: queue, logger: logger)
        self.node = node
        thread = NamedThread("test-node") { node.run() }
    }

    deinit { stop() }

    func stop() {
        guard !isStopped.exchange(true, ordering: .relaxed) else { return }
        node.stop()
        thread.join()
    }

    func client() throws -> FastCGIClient { try FastCGIClient(.unix(folder.file("s"))) }

    func worker() -> TestWorker { TestWorker(database.connectionString) }

    /// The number of queued and running tasks.
    func taskCount() throws -> String { try database.sql("SELECT count(*) FROM task") }
}

/// A worker with one thread. It computes queued tasks until this object is released.
final class TestWorker {
    private let isStopping = Stop()
    private let thread: NamedThread

    private final class Stop: Sendable {
        let flag = Atomic<Bool>(false)
        let wake = EventFD()
    }

    init(_ connectionString: String) {
        let stop = isStopping
        thread = NamedThread("test-worker") {
            let session = WorkerSession(
                .init(
                    postgres: PostgresConfiguration(connectionString: connectionString), name: "worker-1",
                    types: TaskRegistry.builtIn.names),
                watch: nil,
                logger: TestNode.logger)
            do {
                try session.register()
                var completed: [TaskCompletion] = []
                while !stop.flag.load(ordering: .acquiring) {
                    let claimed = try session.transact(completed: completed, claim: 64)
                    completed = claimed.map(Self.run)
                    if claimed.isEmpty { _ = try session.waitForWork(upTo: .seconds(5), wake: stop.wake) }
                }
                session.signOff()
            } catch {
                print("the test's worker failed: \(error)")
            }
        }
    }

    private static func run(_ task: ClaimedTask) -> TaskCompletion {
        do throws(TaskFailure) {
            let result = try TaskRegistry.builtIn.definition(named: task.type)!.run(task.input)
            return TaskCompletion(id: task.id, outcome: .completed(result: result))
        } catch {
            return TaskCompletion(id: task.id, outcome: .failed(message: error.message, isRetryable: false))
        }
    }

    deinit {
        isStopping.flag.store(true, ordering: .releasing)
        isStopping.wake.signal()
        thread.join()
    }
}
