import Supervisor
import TestSupport
import Testing

/// Millrace behind PgBouncer.
@Suite(.enabled(if: PgBouncer.isPresent))
struct PoolerTests {
    private func run(_ arguments: [String], _ url: String, folder: TemporaryFolder) throws -> Program {
        try Program.millrace(
            arguments, environment: RunningSystem.quietEnvironment.merging(["DATABASE_URL": url]) { $1 },
            folder: folder.path)
    }

    private static let shared: [(mode: String, settings: [String])] = [
        ("transaction", []), ("transaction", ["server_round_robin = 1", "min_pool_size = 3"]),
        ("transaction", ["default_pool_size = 1"]), ("statement", []),
    ]

    @Test(arguments: shared)
    func `a pooler that shares sessions is refused with the reason`(mode: String, settings: [String]) throws {
        let database = try TestDatabase()
        let pooler = try PgBouncer(mode, database, settings: settings)
        let folder = TemporaryFolder()
        let url = pooler.connectionString
        let commands = [
            ["migrate"], ["migrate", "--status"], ["worker"], ["api", "--listen", "unix:\(folder.file("s"))"],
            ["up", "--listen", "127.0.0.1:\(freePort())", "--data", folder.file("data")],
        ]
        // All commands make the same check, so one mode is enough to test all of them.
        for command in mode == "transaction" && settings.isEmpty ? commands : [["migrate"]] {
            let program = try run(command, url, folder: folder)
            #expect(try program.waitForExit() == .exited(code: 78), "\(command)")
            let lines = program.standardError.split(separator: "\n")
            #expect(lines.count == 1 && lines[0].contains("PgBouncer's transaction mode"), "\(command): \(lines)")
        }
        #expect(try database.sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == "0")
        withExtendedLifetime(pooler) {}
    }

    @Test(arguments: [[], ["default_pool_size = 1"]])
    func `session mode is not refused`(settings: [String]) throws {
        let database = try TestDatabase()
        let pooler = try PgBouncer("session", database, settings: settings)
        let folder = TemporaryFolder()
        let migrate = try run(["migrate"], pooler.connectionString, folder: folder)
        #expect(try migrate.waitForExit() == .exited(code: 0), "\(migrate.standardError)")
        if settings.isEmpty {
            let worker = try run(["worker"], pooler.connectionString, folder: folder)
            try eventually("the worker is registered") { try database.sql("SELECT count(*) FROM worker") == "1" }
            #expect(worker.process.exit == nil)
        }
        withExtendedLifetime(pooler) {}
    }
}
