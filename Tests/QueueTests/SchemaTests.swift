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

    @Test func `A database of a newer program, or of another step, is left alone`() throws {
        _ = try Schema.migrate(connect())
        try database.sql("INSERT INTO schema_migration (version, name, digest) VALUES (999, 'future', '')")
        #expect(throws: SchemaError.self) { try Schema.migrate(connect()) }
        try database.sql("DELETE FROM schema_migration WHERE version = 999; UPDATE schema_migration SET digest = ''")
        #expect(throws: SchemaError.self) { try Schema.migrate(connect()) }
    }
}
