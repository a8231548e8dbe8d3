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

    @Test func `Hosts that migrate at the same time apply each migration once`() throws {
        #expect(try Schema.status(connect()).allSatisfy { $0.appliedAt == nil })
        let applied = try inParallel(4) { _ in try Schema.migrate(connect()).count }
        let status = try Schema.status(connect())
        #expect(applied.reduce(0, +) == status.count)
        #expect(status.allSatisfy { $0.appliedAt != nil })
        #expect(try Schema.migrate(connect()).isEmpty)
    }

    @Test func `The lock of a table in use is requested repeatedly, and nobody waits long behind a request`() throws {
        _ = try Schema.migrate(connect())
        let holder = try connect()
        try holder.execute(text: "BEGIN; LOCK TABLE schema_migration IN ACCESS EXCLUSIVE MODE")
        let error = #expect(throws: SchemaError.self) { try Schema.migrate(connect(), timeout: .seconds(2)) }
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

    @Test func `A database of a newer program, or with a changed migration, is left as it is`() throws {
        _ = try Schema.migrate(connect())
        try database.sql("INSERT INTO schema_migration (version, name, digest) VALUES (999, 'future', '')")
        #expect(throws: SchemaError.self) { try Schema.migrate(connect()) }
        try database.sql("DELETE FROM schema_migration WHERE version = 999; UPDATE schema_migration SET digest = ''")
        #expect(throws: SchemaError.self) { try Schema.migrate(connect()) }
    }

    @Test func `The state of the schema is named`() throws {
        let connection = try connect()
        #expect(try Schema.fit(connection) == .missing)
        try database.sql("CREATE TABLE schema_migration (of_another_program text)")
        #expect(try Schema.fit(connect()) == .missing)
        try database.sql("DROP TABLE schema_migration")
        _ = try Schema.migrate(connect())
        let newest = Schema.newestVersion
        #expect(try Schema.fit(connection) == .fits)
        try database.sql("INSERT INTO schema_migration (version, name, digest) VALUES (999, 'future', '')")
        #expect(try Schema.fit(connection) == .newer(version: 999))
        #expect(
            try Schema.status(connection).last.map { "\($0.version) \($0.name) \($0.isKnown)" } == "999 future false")
        try database.sql("DELETE FROM schema_migration WHERE version IN (\(newest), 999)")
        #expect(try Schema.fit(connection) == .older(version: newest - 1))
        #expect(SchemaFit.older(version: newest - 1).advice?.contains("run millrace migrate") == true)
    }

    @Test(arguments: ["TABLE task (id int)", "TABLE worker (id int)", "SEQUENCE finished_task", "TYPE task AS (a int)"])
    func `A database of another program is left as it is`(object: String) throws {
        try database.sql("CREATE \(object)")
        let error = #expect(throws: SchemaError.self) { try Schema.migrate(connect()) }
        #expect(error.map { "\($0)" }?.contains("a database of its own") == true, "\(String(describing: error))")
        let left = try database.sql(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname <> 'task_pkey'")
        #expect(left == "1")
    }

    /// Undoes the migrations after the eighth, as far as needed to apply them again.
    private func stepBack() throws {
        _ = try Schema.migrate(connect())
        try database.sql(
            """
            ALTER TABLE task DROP COLUMN input_digest;
            ALTER TABLE finished_task DROP COLUMN input_digest, DROP COLUMN wrong_inputs, DROP COLUMN client;
            ALTER TABLE task DROP COLUMN client;
            DROP TABLE client;
            DROP FUNCTION own_digest;
            DROP FUNCTION refuse_finished;
            DROP FUNCTION withdraw_overtaken;
            DROP INDEX task_single_flight_claimed;
            CREATE INDEX task_due ON task (run_at) WHERE worker_id IS NULL AND run_at > created_at;
            CREATE INDEX task_suspect_of ON task (suspect_of) WHERE suspect_of IS NOT NULL;
            DELETE FROM schema_migration WHERE version > 8
            """)
    }

    /// Migrates on a thread, in a new session. At the end, the value of `end` becomes the version of the last migration
    /// that this call applied ("0" if it applied none), or the error.
    private func migrate(timeout: Duration = .seconds(20)) -> (end: Monitor<String?>, thread: NamedThread) {
        let end = Monitor<String?>(nil)
        let thread = NamedThread("test-migrate") {
            let result: String
            do {
                result = "\(try Schema.migrate(try connect(), timeout: timeout).last?.version ?? 0)"
            } catch { result = "\(error)" }
            end.broadcast { $0 = result }
        }
        return (end, thread)
    }

    private func waitFor(_ lock: String) throws {
        try eventually("it waits") {
            try database.sql(
                """
                SELECT count(*) FROM pg_locks
                WHERE NOT granted AND \(lock) AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """) == "1"
        }
    }

    @Test func `While a table is in use, others go on using it, however many hosts want to migrate`() throws {
        try stepBack()
        let other = try connect()
        try other.execute(text: "BEGIN; LOCK TABLE finished_task IN ACCESS SHARE MODE")
        let hosts = (0..<3).map { _ in migrate() }
        let others = """
            SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """
        try eventually("all are there") { try database.sql(others) == "2" }
        for _ in 0..<3 {
            try waitFor("relation = 'finished_task'::regclass")
            // This query waits behind the migration's lock request, until the migration gives up for a moment.
            #expect(try database.sql("SET lock_timeout = '5s'; SELECT count(*) FROM finished_task, task") == "0")
            // In that moment, the other hosts do not start their migrations: they still wait.
            #expect(try database.sql(others) == "2")
        }
        try other.execute(text: "COMMIT")
        let ends = hosts.map { $0.end.wait(for: .seconds(20)) { $0 } }
        #expect(ends.filter { $0 == "0" }.count == 2)
        for host in hosts { host.thread.join() }
    }

    @Test func `A migration that deadlocks with another session is run again`() throws {
        try stepBack()
        let newest = try Schema.status(connect()).count
        // With this setting, the migration detects the deadlock before its lock timeout is over.
        try database.sql("ALTER DATABASE \(database.name) SET deadlock_timeout = '800ms'")
        let other = try PostgresConnection(PostgresConfiguration(connectionString: database.superuserConnectionString))
        try other.execute(
            text: "SET deadlock_timeout = '1min'; BEGIN; LOCK TABLE finished_task IN ACCESS SHARE MODE")
        let (end, thread) = migrate()
        try waitFor("relation = 'finished_task'::regclass")
        try other.execute(text: "LOCK TABLE task IN ACCESS SHARE MODE; COMMIT")
        #expect(end.wait(for: .seconds(20)) { $0 } == "\(newest)")
        thread.join()
    }

    @Test func `The locks of a migration are released before the next one`() throws {
        try stepBack()
        let newest = try Schema.status(connect()).count
        // Of the migrations that run now, the second removes rows. A trigger makes this take long.
        let id = "01935f6b-0000-7000-8000-000000000001"
        try database.sql(
            """
            INSERT INTO task (id, type, priority, max_attempts, awaited, run_at, created_at, input)
            VALUES ('\(id)', 'sha256', 0, 5, false, now(), now(), '');
            INSERT INTO finished_task (id, type, outcome, attempts, created_at, completed_at)
            VALUES ('\(id)', 'sha256', 'completed', 1, now(), now());
            CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(2); RETURN OLD; END';
            CREATE TRIGGER hold BEFORE DELETE ON task FOR EACH ROW EXECUTE FUNCTION hold()
            """)
        let (end, thread) = migrate()
        try eventually("it removes rows") {
            try database.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "0"
        }
        #expect(try database.sql("SET lock_timeout = '500ms'; SELECT count(*) FROM task") == "1")
        #expect(end.withLock { $0 } == nil)
        #expect(end.wait(for: .seconds(20)) { $0 } == "\(newest)")
        thread.join()
        #expect(try database.sql("SELECT count(*) FROM task") == "0")
    }

    @Test func `A migration that fails leaves those before it applied, and the next run continues there`() throws {
        try stepBack()
        try database.sql(
            "CREATE FUNCTION refuse_finished(uuid[], uuid, uuid) RETURNS bool LANGUAGE sql AS 'SELECT true'")
        let first = try connect()
        #expect(throws: SchemaError.self) { try Schema.migrate(first) }
        let steps = try Schema.status(connect()).map { $0.appliedAt != nil }
        #expect(steps == steps.indices.map { $0 < 9 })
        try database.sql("DROP FUNCTION refuse_finished")
        // The session whose migration failed does not block others.
        #expect(try Schema.migrate(connect()).map(\.version) == Array(10...steps.count))
        #expect(try Schema.migrate(first).isEmpty)
    }

    @Test func `A role with a short statement_timeout can migrate`() throws {
        try stepBack()
        let newest = try Schema.status(connect()).count
        try database.sql("ALTER DATABASE \(database.name) SET statement_timeout = '400ms'")
        // The migration waits for another migration, and then for a session that uses a table.
        let others = try (0..<2).map { _ in
            try PostgresConnection(
                PostgresConfiguration(connectionString: database.connectionString), settings: ["statement_timeout = 0"])
        }
        try others[0].execute(text: "BEGIN; SELECT pg_advisory_xact_lock(hashtext('millrace migrate'))")
        try others[1].execute(text: "BEGIN; LOCK TABLE finished_task IN ACCESS SHARE MODE")
        let (end, thread) = migrate()
        try waitFor("locktype = 'advisory'")
        #expect(end.wait(for: .seconds(1)) { $0 } == nil)
        try others[0].execute(text: "COMMIT")
        try waitFor("relation = 'finished_task'::regclass")
        #expect(end.wait(for: .seconds(1)) { $0 } == nil)
        try others[1].execute(text: "COMMIT")
        #expect(end.wait(for: .seconds(20)) { $0 } == "\(newest)")
        thread.join()
    }
}
