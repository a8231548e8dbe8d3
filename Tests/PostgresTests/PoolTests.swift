import Logging
import Postgres
import TestSupport
import Testing
import Threading

@Suite struct Pool {
    /// The database is dropped when the last reference to this object is released.
    let database: TestDatabase

    init() throws { database = try TestDatabase() }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func pool(_ connectionString: String, limit: Int = 3, retries: Int = 5) -> ConnectionPool {
        ConnectionPool(
            PostgresConfiguration(
                connectionString: connectionString, connectionLimit: limit, connectionRetries: retries,
                baseBackoff: .milliseconds(100)),
            logger: Self.logger)
    }

    @Test func `the pool opens at most its limit of connections, and waiting threads get one`() throws {
        let pool = pool(database.connectionString)
        defer { pool.close() }
        let seen = Monitor<[Int32]>([])
        let threads = (0..<12).map { _ in
            NamedThread("test-pool") {
                _ = try? pool.withConnection(timeout: .seconds(20)) { connection in
                    try connection.execute("SELECT pg_sleep(0.05)")
                    seen.withLock { $0.append(connection.serverProcess) }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(seen.withLock { $0.count } == 12)
        #expect(seen.withLock { Set($0).count } <= 3)
    }

    @Test func `a thread that gets no connection in time gets an error`() throws {
        let pool = pool(database.connectionString, limit: 1)
        defer { pool.close() }
        _ = try pool.withConnection(timeout: .seconds(5)) { _ in
            do {
                _ = try pool.withConnection(timeout: .milliseconds(50)) { _ in Issue.record("a second connection") }
            } catch let error as PostgresError {
                #expect(error.kind == .poolExhausted)
            }
        }
    }

    @Test func `a connection that was closed by the server is not handed out`() throws {
        let pool = pool(database.connectionString, limit: 1)
        defer { pool.close() }
        let first = try pool.withConnection(timeout: .seconds(5)) { $0.serverProcess }
        #expect(try pool.withConnection(timeout: .seconds(5)) { $0.serverProcess } == first)
        try database.sql("SELECT pg_terminate_backend(\(first), 2000)")
        #expect(try pool.withConnection(timeout: .seconds(5)) { $0.serverProcess } != first)
    }

    @Test func `the pool tries again while the server has no free connection`() throws {
        try database.sql("ALTER DATABASE \(database.name) CONNECTION LIMIT 1")
        let pool = pool(database.connectionString, retries: 50)
        defer { pool.close() }
        // The session that set the limit can still be open. So try until the only connection is free.
        let blocker = Monitor<PostgresConnection?>(nil)
        try eventually("the only connection") {
            let connection = try? PostgresConnection(
                PostgresConfiguration(connectionString: database.connectionString))
            blocker.withLock { $0 = connection }
            return connection != nil
        }
        do {
            _ = try PostgresConnection(PostgresConfiguration(connectionString: database.connectionString))
            Issue.record("no limit")
        } catch {
            #expect(error.sqlState == "53300" && error.isConnectRetryable)
        }
        let freeing = NamedThread("test-free") {
            sleepCurrentThread(for: .milliseconds(400))
            blocker.withLock { $0 = nil }
        }
        let value = try pool.withConnection(timeout: .seconds(20)) { try $0.execute("SELECT 1::int4").integer(0, 0) }
        #expect(value == 1)
        freeing.join()
    }

    @Test func `an error that another attempt cannot solve is not tried again`() throws {
        let pool = pool(database.cluster.connectionString(database: "missing"))
        defer { pool.close() }
        let start = ContinuousClock.now
        #expect(throws: PostgresError.self) { _ = try pool.withConnection(timeout: .seconds(20)) { _ in } }
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func `a closed pool hands out no connection`() throws {
        let pool = pool(database.connectionString)
        pool.close()
        #expect(throws: PostgresError.self) { _ = try pool.withConnection(timeout: .seconds(5)) { _ in } }
    }
}
