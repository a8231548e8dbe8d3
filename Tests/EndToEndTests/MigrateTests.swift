import Supervisor
import TestSupport
import Testing

/// `millrace migrate` and its exit codes.
@Suite struct MigrateTests {
    let database: TestDatabase

    init() throws { database = try TestDatabase() }

    private func migrate(_ arguments: [String] = []) throws -> (code: CInt?, output: String) {
        let program = try Program.millrace(
            ["migrate"] + arguments,
            environment: RunningSystem.quietEnvironment.merging(["DATABASE_URL": database.connectionString]) { $1 })
        guard case .exited(code: let code) = try program.waitForExit() else { return (nil, program.standardError) }
        return (code, program.standardOutput + program.standardError)
    }

    @Test func `the status ends with 0 only if nothing is pending and nothing is unknown`() throws {
        let empty = try migrate(["--status"])
        #expect(empty.code == 1 && empty.output.contains("v1 queue: pending"))
        #expect(try database.sql("SELECT count(*) FROM pg_class WHERE relname = 'schema_migration'") == "0")
        #expect(try migrate().code == 0)
        #expect(try migrate(["--status"]).code == 0)
        try database.sql("INSERT INTO schema_migration (version, name, digest) VALUES (999, 'future', '')")
        let newer = try migrate(["--status"])
        #expect(newer.code == 1 && newer.output.contains("v999 future: ") && newer.output.contains("unknown"))
        #expect(try migrate().code == 1)
    }

    @Test func `a database of another program is named, and nothing is left behind`() throws {
        try database.sql("CREATE TABLE task (id int)")
        let (code, output) = try migrate()
        #expect(code == 1)
        #expect(output.contains("\"task\" already exists") && output.contains("a database of its own"), "\(output)")
        #expect(
            try database.sql(
                "SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'public'::regnamespace")
                == "task")
    }
}
