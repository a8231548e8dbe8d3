import FoundationEssentials
import Glibc
import Supervisor
import TestSupport

/// A PostgreSQL server with a synchronous standby: each commit waits until it is on both servers.
final class ReplicatedPair: Sendable {
    private let folder = TemporaryFolder()
    private let log = ServiceLog(names: ["primary", "standby"])
    private let primary: PrivateCluster
    private let standby: PrivateCluster
    private let primaryServer: ChildProcess
    private let standbyServer: ChildProcess

    /// A connection string of libpq with both servers. Millrace connects to the one that accepts writes.
    var connectionString: String {
        "host=\(primary.socketFolder),\(standby.socketFolder) user=millrace dbname=millrace"
    }

    init() throws {
        let environment = ProcessInfo.processInfo.environment
        primary = try PrivateCluster(
            data: folder.file("1"), sockets: folder.file("1/run"), client: TestCluster.client, environment: environment)
        standby = try PrivateCluster(
            data: folder.file("2"), sockets: folder.file("2/run"), client: TestCluster.client, environment: environment)
        for name in ["1", "2"] { try Folder.make(folder.file(name), mode: 0o755) }
        try primary.prepare(PostgresSettings())
        let file = primary.folder + "/pg_hba.conf"
        guard let access = fopen(file, "a") else { throw TestFailure("cannot write \(file)") }
        fputs("local replication all trust\n", access)
        fclose(access)
        primaryServer = try Self.start(primary, "primary", log)
        // With -R, pg_basebackup makes the copy a standby.
        let copy = try Program(
            primary.installation.programs + "/pg_basebackup",
            [
                "-D", standby.folder + ".copy", "-R", "-c", "fast", "-X", "stream", "-d",
                "host=\(primary.socketFolder) user=postgres",
            ])
        guard try copy.waitForExit().isSuccess else { throw TestFailure(copy.standardError) }
        if let account = standby.account {
            let owned = try Program(
                "/usr/bin/env", ["chown", "-R", "\(account.user):\(account.group)", standby.folder + ".copy"])
            _ = try owned.waitForExit()
        }
        rename(standby.folder + ".copy", standby.folder)
        try standby.prepare(PostgresSettings())
        standbyServer = try Self.start(standby, "standby", log)
        try Psql("host=\(primary.socketFolder) user=postgres dbname=millrace")(
            "ALTER SYSTEM SET synchronous_standby_names = '*'; SELECT pg_reload_conf()")
        try eventually("commits wait for the standby", within: .seconds(30)) {
            try Psql("host=\(primary.socketFolder) user=postgres dbname=millrace")(
                "SELECT sync_state FROM pg_stat_replication") == "sync"
        }
    }

    deinit {
        for server in [primaryServer, standbyServer] { _ = server.stop(SIGQUIT, timeout: .seconds(10)) }
    }

    private static func start(_ cluster: PrivateCluster, _ name: String, _ log: ServiceLog) throws -> ChildProcess {
        let server = try ChildProcess(cluster.command, name: name, output: log.output(of: name))
        try eventually("\(name) is ready", within: .seconds(60)) {
            if let exit = server.exit { throw TestFailure("\(name) \(exit)") }
            return (try? Psql("host=\(cluster.socketFolder) user=postgres dbname=postgres")("SELECT 1")) == "1"
        }
        return server
    }

    func killPrimary() {
        primaryServer.signal(SIGKILL)
        _ = primaryServer.waitForExit()
    }

    /// Makes the standby the primary.
    func promote() throws {
        let answer = try sql("SELECT pg_promote()")
        guard answer == "t" else { throw TestFailure("pg_promote: \(answer)") }
    }

    /// Runs SQL on the standby, as the superuser.
    func sql(_ statements: String) throws -> String {
        try Psql("host=\(standby.socketFolder) user=postgres dbname=millrace")(statements)
    }
}
