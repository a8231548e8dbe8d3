internal import FoundationEssentials
internal import Glibc
internal import Postgres
internal import Supervisor
internal import TestSupport

/// A PostgreSQL server for one benchmark, with the settings of `millrace up` (fsync on).
struct BenchCluster {
    /// The cluster's folder. This reference keeps the folder until the server has stopped.
    private let folder: TemporaryFolder
    private let cluster: PrivateCluster
    private let child: ChildProcess

    var part: ProcessorTime.Part { ProcessorTime.Part(name: "PostgreSQL", roots: [child.pid]) }
    /// A connection string of libpq.
    var connectionString: String { cluster.connectionString }
    /// The folder of the server's socket.
    var socketFolder: String { cluster.socketFolder }

    init(in folder: TemporaryFolder) throws {
        self.folder = folder
        cluster = try PrivateCluster(
            data: folder.path, sockets: folder.path + "/run", environment: ProcessInfo.processInfo.environment)
        try cluster.prepare(PostgresSettings())
        child = try ChildProcess(cluster.command, name: "postgres", output: .inherited)
        try eventually("PostgreSQL is ready", within: .seconds(60), every: .milliseconds(100)) {
            if let exit = child.exit { throw BenchError("PostgreSQL \(exit)") }
            return cluster.isReady(pid: child.pid)
        }
    }

    func connect(settings: [String] = []) throws -> PostgresConnection {
        try PostgresConnection(PostgresConfiguration(connectionString: connectionString), settings: settings)
    }

    /// Allows the benchmark's sessions to run CHECKPOINT before a measurement, so that PostgreSQL starts no checkpoint
    /// during the measurement.
    func grantCheckpoints() throws {
        try administrator().execute(text: "GRANT pg_checkpoint TO \(PrivateCluster.role)")
    }

    /// Creates another database.
    /// - Returns: a connection string of libpq.
    func addDatabase(_ name: String) throws -> String {
        try administrator().execute(text: "CREATE DATABASE \(name) OWNER \(PrivateCluster.role)")
        return "host=\(socketFolder) user=\(PrivateCluster.role) dbname=\(name)"
    }

    private func administrator() throws -> PostgresConnection {
        let administrator = "host=\(socketFolder) user=postgres dbname=\(PrivateCluster.database)"
        return try PostgresConnection(PostgresConfiguration(connectionString: administrator))
    }

    func stop() { _ = child.stop(SIGINT, timeout: .seconds(60)) }
}
