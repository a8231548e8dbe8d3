import Postgres
import Schema
import TestSupport
import Testing
import Threading

@Suite struct SchemaSteps {
    let database: TestDatabase

    init() throws { database = try TestDatabase() }

    private func connect() throws -> PostgresConnection {
        try PostgresConnection(PostgresConfiguration(connectionString: database.connectionString))
    }

    @Test func `Hosts that migrate at the same time apply each step once`() throws {
        #expect(try Schema.status(connect()).allSatisfy { $0.appliedAt == nil })
        let applied = Monitor(0)
        let threads = (0..<4).map { _ in
            NamedThread("test-migrate") {
                guard let connection = try? connect(), let steps = try? Schema.migrate(connection) else { return }
                applied.withLock { $0 += steps.count }
            }
        }
        for thread in threads { thread.join() }
        let status = try Schema.status(connect())
        #expect(applied.withLock { $0 } == status.count)
        #expect(status.allSatisfy { $0.appliedAt != nil })
        #expect(try Schema.migrate(connect()).isEmpty)
    }

    @Test func `A table in use is asked for again and again, and nobody waits behind that for long`() throws {
        _ = try Schema.migrate(connect())
        let holder = try connect()
        try holder.execute(text: "BEGIN; LOCK TABLE schema_migration IN ACCESS EXCLUSIVE MODE")
        let error = #expect(throws: SchemaError.self) { try Schema.migrate(connect(), patience: .seconds(2)) }
        #expect(error.map { "\($0)" }?.contains("locked for 2 s") == true)
        let steps = Monitor<Int?>(nil)
        let thread = NamedThread("test-migrate") {
            let count = (try? Schema.migrate(try connect()))?.count
            steps.broadcast { $0 = count ?? -1 }
        }
        #expect(steps.wait(for: .seconds(2)) { $0 } == nil)
        try holder.execute(text: "ROLLBACK")
        #expect(steps.wait(for: .seconds(10)) { $0 } == 0)
        thread.join()
    }

    @Test func `A database of a newer program, or of another step, is left alone`() throws {
        _ = try Schema.migrate(connect())
        try database.sql("INSERT INTO schema_migration (version, name, digest) VALUES (999, 'future', '')")
        #expect(throws: SchemaError.self) { try Schema.migrate(connect()) }
        try database.sql("DELETE FROM schema_migration WHERE version = 999; UPDATE schema_migration SET digest = ''")
        #expect(throws: SchemaError.self) { try Schema.migrate(connect()) }
    }
}
