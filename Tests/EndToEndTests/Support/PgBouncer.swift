import Glibc
import Supervisor
import TestSupport

/// PgBouncer on a port of 127.0.0.1, in front of a test database.
final class PgBouncer: Sendable {
    static let path = "/usr/sbin/pgbouncer"
    static var isPresent: Bool { access(path, X_OK) == 0 }

    private let folder = TemporaryFolder()
    private let program: Program
    /// A connection string of libpq.
    let connectionString: String

    /// - Parameters:
    ///   - mode: its `pool_mode`.
    ///   - settings: further lines of its configuration.
    init(_ mode: String, _ database: TestDatabase, settings: [String] = []) throws {
        let cluster = database.cluster.cluster
        let port = freePort()
        // PgBouncer does not run as root. Like PostgreSQL, it runs as a user that can reach the server's socket.
        let file = try folder.write(
            """
            [databases]
            \(database.name) = host=\(cluster.socketFolder) user=millrace
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = any
            pool_mode = \(mode)
            \(settings.joined(separator: "\n"))
            """, to: "pgbouncer.ini")
        chmod(folder.path, 0o755)
        program = try Program(Self.path, [file], account: cluster.account)
        connectionString = "host=127.0.0.1 port=\(port) user=millrace dbname=\(database.name) sslmode=disable"
        let psql = try Psql(connectionString)
        try eventually("PgBouncer answers") { (try? psql("SELECT 1")) == "1" }
    }
}
