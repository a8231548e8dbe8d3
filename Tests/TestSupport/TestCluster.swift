internal import FoundationEssentials
internal import Glibc
package import Supervisor
internal import Threading

/// A PostgreSQL server that belongs to this test process. It ends with the process, and its folder is removed.
package final class TestCluster: Sendable {
    /// The server that most tests share. It runs without fsync, because none of these tests simulates a crash of the
    /// machine.
    package static let shared: TestCluster = {
        let cluster = TestCluster(isDurable: false)
        atexit { TestCluster.shared.tearDown() }
        return cluster
    }()

    /// In tests that root runs, `millrace up` runs its nodes and workers as this user.
    package static let client = Account.isRoot ? Account(named: "nobody") : nil

    private let folder = TemporaryFolder()
    package let cluster: PrivateCluster
    private let server: Monitor<ChildProcess?>
    private let log: ServiceLog

    package init(isDurable: Bool = true, maxConnections: Int = 300) {
        do {
            cluster = try PrivateCluster(
                data: folder.path, sockets: folder.file("run"), client: Self.client,
                environment: ProcessInfo.processInfo.environment)
            var settings = PostgresSettings()
            settings.isDurable = isDurable
            settings.maxConnections = maxConnections
            settings.sharedBuffers = 32
            try cluster.prepare(settings)
        } catch {
            fatalError("PostgreSQL for the tests does not start: \(error)")
        }
        log = ServiceLog(names: ["postgres"])
        server = Monitor(nil)
        start()
    }

    deinit { tearDown() }

    package var pid: CInt { server.withLock { $0?.pid ?? 0 } }

    /// Starts the server, and waits until it accepts connections.
    package func start() {
        do {
            let child = try ChildProcess(cluster.command, name: "postgres", output: log.output(of: "postgres"))
            server.withLock { $0 = child }
            try eventually("PostgreSQL is ready", within: .seconds(60)) {
                if let exit = child.exit { throw TestFailure("PostgreSQL \(exit)") }
                return cluster.isReady(pid: child.pid)
            }
        } catch {
            fatalError("PostgreSQL for the tests does not start: \(error)")
        }
    }

    /// Stops the server: `SIGINT` is a fast shutdown, `SIGQUIT` an immediate shutdown, `SIGKILL` a crash.
    package func stop(_ signal: CInt = SIGINT) {
        guard let child = server.withLock({ $0 }) else { return }
        let processes = RunningProcess.descendants(of: child.pid).map(\.pid)
        _ = child.stop(signal, timeout: .seconds(30))
        _ = try? cluster.stopLeftover()
        // After a crash, the other processes of the server end a little later than the first one. Until then, the
        // server cannot start again, because they still use its shared memory.
        try? eventually("the server's processes have ended", within: .seconds(30)) {
            processes.allSatisfy { kill($0, 0) != 0 }
        }
    }

    private func tearDown() {
        server.withLock { $0 }?.signal(SIGQUIT)
        _ = server.withLock { $0 }?.stop(SIGQUIT, timeout: .seconds(5))
        Folder.remove(folder.path)
    }

    /// A connection string of libpq for a database of this server.
    package func connectionString(database: String, user: String = PrivateCluster.role) -> String {
        "host=\(cluster.socketFolder) user=\(user) dbname=\(database)"
    }

    /// Runs SQL as the superuser.
    /// - Returns: one line for each row, with `|` between the columns.
    @discardableResult
    package func sql(_ statements: String, database: String = "postgres") throws -> String {
        try Psql(connectionString(database: database, user: "postgres"))(statements)
    }
}
