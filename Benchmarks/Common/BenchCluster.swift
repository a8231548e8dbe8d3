internal import FoundationEssentials
internal import Glibc
internal import Postgres
internal import Supervisor

/// A PostgreSQL of a benchmark's own, with the settings of `millrace up`: fsync on.
struct BenchCluster {
    private let cluster: PrivateCluster
    private let child: ChildProcess

    var part: ProcessorTime.Part { ProcessorTime.Part(name: "PostgreSQL", roots: [child.pid]) }
    /// For libpq.
    var connectionString: String { cluster.connectionString }
    /// Where its socket is.
    var socketFolder: String { cluster.socketFolder }

    init(in folder: BenchFolder) throws {
        cluster = try PrivateCluster(
            data: folder.path, sockets: folder.path + "/run", environment: ProcessInfo.processInfo.environment)
        try cluster.prepare(PostgresSettings())
        child = try ChildProcess(cluster.command, name: "postgres", output: .inherited)
        for _ in 0..<600 {
            if let exit = child.exit { throw BenchError("PostgreSQL \(exit)") }
            if cluster.isReady(pid: child.pid) { return }
            usleep(100_000)
        }
        throw BenchError("PostgreSQL was not ready within 60 s")
    }

    func connect(settings: [String] = []) throws -> PostgresConnection {
        try PostgresConnection(PostgresConfiguration(connectionString: connectionString), settings: settings)
    }

    /// Lets this benchmark's sessions order checkpoints, so that none falls into a measurement.
    func grantCheckpoints() throws {
        try administrator().execute(text: "GRANT pg_checkpoint TO \(PrivateCluster.role)")
    }

    /// Makes another database beside the one that each cluster has.
    /// - Returns: how to connect to it, for libpq.
    func addDatabase(_ name: String) throws -> String {
        try administrator().execute(text: "CREATE DATABASE \(name) OWNER \(PrivateCluster.role)")
        return "host=\(socketFolder) user=\(PrivateCluster.role) dbname=\(name)"
    }

    private func administrator() throws -> PostgresConnection {
        let administrator = "host=\(socketFolder) user=postgres dbname=\(PrivateCluster.database)"
        return try PostgresConnection(PostgresConfiguration(connectionString: administrator))
    }

    func stop() { _ = child.stop(SIGINT, limit: .seconds(60)) }
}
