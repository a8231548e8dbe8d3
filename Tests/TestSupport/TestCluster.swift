internal import FoundationEssentials
internal import Glibc
package import Supervisor
internal import Threading

/// A PostgreSQL server of this test process's own. It ends with the process, and its folder goes with it.
package final class TestCluster: Sendable {
    /// One for all tests, without fsync: no test of those that share it crashes the machine.
    package static let shared: TestCluster = {
        let cluster = TestCluster(isDurable: false)
        atexit { TestCluster.shared.tearDown() }
        return cluster
    }()

    private let folder = TemporaryFolder()
    package let cluster: PrivateCluster
    private let server: Monitor<ChildProcess?>
    private let log: ServiceLog

    package init(isDurable: Bool = true, maxConnections: Int = 300) {
        do {
            cluster = try PrivateCluster(
                data: folder.path, sockets: folder.file("run"), environment: ProcessInfo.processInfo.environment)
            var settings = PostgresSettings()
            settings.isDurable = isDurable
            settings.maxConnections = maxConnections
            settings.sharedBuffers = 32
            try cluster.prepare(settings)
        } catch {
            fatalError("no PostgreSQL for tests: \(error)")
        }
        log = ServiceLog(names: ["postgres"])
        server = Monitor(nil)
        start()
    }

    deinit { tearDown() }

    package var pid: CInt { server.withLock { $0?.pid ?? 0 } }

    /// Starts the server, and waits until it takes connections.
    package func start() {
        do {
            let child = try ChildProcess(cluster.command, name: "postgres", output: log.output(of: "postgres"))
            server.withLock { $0 = child }
            try eventually("PostgreSQL ready", within: .seconds(60)) {
                if let exit = child.exit { throw NotInTime(description: "PostgreSQL \(exit)") }
                return cluster.isReady(pid: child.pid)
            }
        } catch {
            fatalError("no PostgreSQL for tests: \(error)")
        }
    }

    /// Ends the server: `SIGINT` orderly, `SIGQUIT` at once, `SIGKILL` as a crash.
    package func stop(_ signal: CInt = SIGINT) {
        guard let child = server.withLock({ $0 }) else { return }
        _ = child.stop(signal, limit: .seconds(30))
        _ = try? cluster.stopLeftover()
    }

    private func tearDown() {
        server.withLock { $0 }?.signal(SIGQUIT)
        _ = server.withLock { $0 }?.stop(SIGQUIT, limit: .seconds(5))
        Folder.remove(folder.path)
    }

    /// How libpq reaches a database of this server.
    package func connectionString(database: String, user: String = PrivateCluster.role) -> String {
        "host=\(cluster.socketFolder) user=\(user) dbname=\(database)"
    }

    /// Runs SQL as the superuser.
    /// - Returns: the rows, one a line, columns separated by `|`.
    @discardableResult
    package func sql(_ statements: String, database: String = "postgres") throws -> String {
        try Psql(connectionString(database: database, user: "postgres"))(statements)
    }
}
