import Glibc
import Logging
import Postgres
import TestSupport
import Testing
import Threading

@Suite struct Connections {
    /// The database is dropped when the last reference to this object is released.
    let database: TestDatabase

    init() throws { database = try TestDatabase() }

    private func connect(settings: [String] = []) throws -> PostgresConnection {
        try PostgresConnection(
            PostgresConfiguration(connectionString: database.connectionString, applicationName: "test"),
            settings: settings)
    }

    @Test func `every kind of value is the same after a round trip to the server`() throws {
        let connection = try connect()
        let uuid = (1...16).map { UInt8($0) }
        let row = try connection.execute(
            "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9",
            .bool(true), .int2(-2), .int4(Int32.min), .int8(Int64.max), .text("grün\u{1F600}"), .bytea([0, 255, 0]),
            .uuid(uuid), .timestamptz(1_700_000_000_123_456), .null(.text))
        #expect(row.rowCount == 1)
        #expect(row.bool(0, 0) == true)
        #expect(row.integer(0, 1) == -2)
        #expect(row.integer(0, 2) == Int(Int32.min))
        #expect(row.integer(0, 3) == Int.max)
        #expect(row.text(0, 4) == "grün\u{1F600}")
        #expect(row.bytes(0, 5) == [0, 255, 0])
        #expect(row.bytes(0, 6) == uuid)
        #expect(row.time(0, 7) == 1_700_000_000_123_456)
        #expect(row.isNull(0, 8) && row.text(0, 8) == nil)
    }

    @Test func `empty values are not NULL`() throws {
        let connection = try connect()
        let row = try connection.execute("SELECT $1, $2", .text(""), .bytea([]))
        #expect(row.text(0, 0) == "" && row.bytes(0, 1) == [])
    }

    @Test func `arrays arrive as columns, with their NULLs`() throws {
        let connection = try connect()
        var names = PostgresArray(.text)
        var numbers = PostgresArray(.int4)
        for number in 0..<3 {
            if number == 1 { names.appendNull() } else { names.append("n\(number)".utf8) }
            numbers.append(Int32(number))
        }
        let rows = try connection.execute(
            "SELECT * FROM unnest($1::text[], $2::int4[])", names.value, numbers.value)
        #expect((0..<3).map { rows.text($0, 0) } == ["n0", nil, "n2"])
        #expect((0..<3).map { rows.integer($0, 1) } == [0, 1, 2])
        let none = try connection.execute("SELECT * FROM unnest($1::text[])", PostgresArray(.text).value)
        #expect(none.rowCount == 0)
    }

    @Test func `statements that are sent together are one transaction`() throws {
        let connection = try connect()
        try connection.execute(text: "CREATE TABLE t (n int4 CHECK (n < 10))")
        let insert = PostgresStatement("insert", "INSERT INTO t VALUES ($1)")
        #expect(throws: PostgresError.self) {
            try connection.execute([insert.with(.int4(1)), insert.with(.int4(20)), insert.with(.int4(2))])
        }
        let count = PostgresStatement("count", "SELECT count(*) FROM t")
        #expect(try connection.execute(count.with()).integer(0, 0) == 0)
        let results = try connection.execute([insert.with(.int4(1)), insert.with(.int4(2)), count.with()])
        #expect(results.map(\.affectedRows) == [1, 1, 1])
        #expect(results[2].integer(0, 0) == 2)
        #expect(connection.isUsable)
    }

    @Test func `batches in a pipeline are separate transactions, and are answered in order`() throws {
        let connection = try connect()
        try connection.execute(text: "CREATE TABLE t (n int4 CHECK (n < 10))")
        let insert = PostgresStatement("insert", "INSERT INTO t VALUES ($1)")
        let count = PostgresStatement("count", "SELECT count(*) FROM t")
        try connection.send([insert.with(.int4(1)), insert.with(.int4(2))])
        // `count` is prepared in a transaction that fails. The next batch can still use it.
        try connection.send([insert.with(.int4(20)), count.with()])
        try connection.send([count.with(), insert.with(.int4(3))])
        #expect(try connection.receive().map(\.affectedRows) == [1, 1])
        #expect(throws: PostgresError.self) { try connection.receive() }
        try connection.send([count.with()])
        #expect(try connection.receive()[0].integer(0, 0) == 2)
        #expect(try connection.receive()[0].integer(0, 0) == 3)
        try connection.execute(text: "DROP TABLE t")
        #expect(connection.isUsable)
    }

    @Test func `parameters and results that are larger than the socket's buffers do not deadlock`() throws {
        let connection = try connect()
        let bytes = [UInt8](repeating: 7, count: 20 << 20)
        let echo = PostgresStatement("echo", "SELECT $1::bytea")
        let results = try connection.execute([echo.with(.bytea(bytes)), echo.with(.bytea(bytes))])
        #expect(results.map { $0.bytes(0, 0)?.count } == [20 << 20, 20 << 20])
    }

    @Test func `errors have the code and the reason, but never a row or a password`() throws {
        let connection = try connect()
        try connection.execute(text: "CREATE TABLE t (secret text UNIQUE)")
        let insert = PostgresStatement("insert", "INSERT INTO t VALUES ($1)")
        try connection.execute(insert.with(.text("hunter2")))
        do {
            try connection.execute(insert.with(.text("hunter2")))
            Issue.record("no error")
        } catch {
            #expect(error.sqlState == "23505" && error.kind == .server)
            #expect(!"\(error)".contains("hunter2"))
        }
        for string in [
            "host=127.0.0.1 port=1 password=hunter2", "postgresql://u:hunter2@127.0.0.1:1/db", "password hunter2",
        ] {
            do {
                _ = try PostgresConnection(PostgresConfiguration(connectionString: string))
                Issue.record("no error")
            } catch {
                #expect(!"\(error)".contains("hunter2"))
                #expect(error.isConnectionLost)
            }
        }
    }

    @Test func `a session that the server ended is noticed, and no call hangs`() throws {
        let connection = try connect()
        try database.sql("SELECT pg_terminate_backend(\(connection.serverProcess), 2000)")
        #expect(connection.checkServer() == false)
        #expect(throws: PostgresError.self) { try connection.execute("SELECT 1") }
        #expect(!connection.isUsable)
    }

    @Test func `an error without a code is the loss of the connection, also at the end of a batch`() throws {
        let cluster = TestCluster(isDurable: false)
        defer { cluster.stop(SIGQUIT) }
        let database = try TestDatabase(on: cluster)
        // The commit at the end of the batch takes half a second, and the session is ended during that time.
        try database.sql(
            """
            CREATE TABLE t (n int4);
            CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION hold();
            GRANT ALL ON t TO millrace
            """)
        let connection = try PostgresConnection(
            PostgresConfiguration(connectionString: database.connectionString))
        try connection.send([PostgresStatement("insert", "INSERT INTO t VALUES (1)").with()])
        try eventually("the commit is underway") {
            try database.sql("SELECT wait_event FROM pg_stat_activity WHERE pid = \(connection.serverProcess)")
                == "PgSleep"
        }
        // SIGKILL makes the server close all connections without an error message.
        kill(connection.serverProcess, SIGKILL)
        let error = #expect(throws: PostgresError.self) { try connection.receive() }
        #expect(error?.kind == .connectionLost && !connection.isUsable)
        try eventually("the server is back") { (try? database.sql("SELECT 1")) == "1" }
    }

    @Test func `a session that takes no writes is lost, and no other is made while the server takes none`() throws {
        let connection = try connect()
        try connection.execute(text: "CREATE TABLE t (n int4)")
        try connection.execute(text: "SET default_transaction_read_only = on")
        let error = #expect(throws: PostgresError.self) { try connection.execute("INSERT INTO t VALUES (1)") }
        #expect(error?.kind == .readOnly && error?.mayHaveTakenEffect == false && !connection.isUsable)
        try database.sql("ALTER DATABASE \(database.name) SET default_transaction_read_only = on")
        let refusal = #expect(throws: PostgresError.self) { _ = try connect() }
        #expect(refusal?.kind == .connectionFailed && refusal?.isConnectRetryable == true)
        // With target_session_attrs=any, the user allows sessions that take no writes.
        _ = try PostgresConnection(
            PostgresConfiguration(connectionString: database.connectionString + " target_session_attrs=any"))
    }

    @Test func `a statement that takes too long fails in time and loses the connection`() throws {
        let connection = try connect()
        let start = ContinuousClock.now
        let sleep = PostgresStatement("sleep", "SELECT pg_sleep(30)")
        do {
            try connection.execute(sleep.with(), timeout: .milliseconds(100))
            Issue.record("no error")
        } catch {
            #expect(error.kind == .timedOut)
        }
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(!connection.isUsable)
    }

    @Test func `notifications arrive without a statement`() throws {
        let (listening, telling) = (try connect(), try connect())
        try listening.execute(text: "LISTEN news")
        #expect(try listening.takeNotifications().isEmpty)
        try telling.execute(text: "NOTIFY news, 'one'; NOTIFY news, 'two'")
        var heard: [PostgresNotification] = []
        try eventually("heard") {
            heard += try listening.takeNotifications()
            return heard.count == 2
        }
        #expect(heard.map(\.payload) == ["one", "two"])
    }

    @Test func `settings apply to the session`() throws {
        let connection = try connect(settings: ["enable_seqscan = off"])
        #expect(try connection.execute("SHOW enable_seqscan").text(0, 0) == "off")
        #expect(try connection.execute("SHOW application_name").text(0, 0) == "test")
    }
}
