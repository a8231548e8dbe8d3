import Postgres
import TestSupport
import Testing
import Threading

@testable import Queue

/// The clock of the database or of a worker is wrong, or is set back.
@Suite struct Clocks {
    let bench: Bench

    init() throws { bench = try Bench() }

    /// A configuration for sessions in which the database's clock is wrong by `interval`. A schema that comes before
    /// `pg_catalog` in the search path replaces the functions that return the time.
    private func off(by interval: String) throws -> PostgresConfiguration {
        try bench.database.sql(
            """
            CREATE SCHEMA off;
            GRANT USAGE, CREATE ON SCHEMA off TO millrace;
            CREATE FUNCTION off.now() RETURNS timestamptz LANGUAGE sql STABLE
                AS $$ SELECT pg_catalog.now() + interval '\(interval)' $$;
            CREATE FUNCTION off.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
                AS $$ SELECT pg_catalog.clock_timestamp() + interval '\(interval)' $$
            """)
        var postgres = bench.postgres
        postgres.connectionString += " options='-c search_path=off,pg_catalog,public'"
        return postgres
    }

    @Test func `Tasks that were submitted while the database's clock was ahead run when it is set back`() throws {
        let client = QueueClient(QueueClient.Configuration(postgres: try off(by: "3 hours")), logger: Bench.logger)
        defer {
            client.shutdown()
            NodeClock.set(0)
        }
        let ids = try client.submit((0..<3).map { Submission(task: task("\($0)")) }).map(\.id)
        #expect(try bench.value("SELECT count(*) FROM task WHERE created_at > now() + interval '2 hours'") == "3")
        #expect(try bench.session().claim().map(\.id) == ids)
    }

    @Test(arguments: [-50, 50]) func `A node whose clock is wrong makes ids with the database's time`(_ hours: Int)
        throws
    {
        let client = QueueClient(
            QueueClient.Configuration(postgres: try off(by: "\(hours) hours")), logger: Bench.logger)
        defer {
            client.shutdown()
            NodeClock.set(0)
        }
        // When this task is stored, the node has a session, and has compared its clock with the database's.
        _ = try client.submit([Submission(task: task("a"))])
        let expected = Timestamp.now.advanced(by: .seconds(hours * 3600))
        let ids = (0..<100).map { _ in TaskID() }
        #expect(ids == ids.sorted())
        for id in ids {
            let time = try #require(id.createdAt)
            #expect(time > expected.advanced(by: .seconds(-60)) && time < expected.advanced(by: .seconds(60)))
        }
        let seconds = expected.microseconds / 1_000_000
        #expect(RequestKey("\(seconds).000-0123456789abcdef") != nil)
        #expect(RequestKey("\(Timestamp.now.microseconds / 1_000_000).000-0123456789abcdef") == nil)
    }

    @Test func `A worker whose clock is ahead of the database's sleeps until a task is due`() throws {
        let postgres = try off(by: "-1 hour")
        let client = bench.client()
        defer { client.shutdown() }
        // By the clock of the worker's session, the task is due in half an hour. By the worker's own clock, it was due
        // half an hour ago.
        _ = try client.submit([Submission(task: task("later"), runAt: .now.advanced(by: .seconds(-1800)))])
        try bench.database.sql("UPDATE task SET created_at = run_at - interval '1 minute'")
        let session = WorkerSession(
            WorkerSession.Configuration(postgres: postgres, name: "ahead", types: ["sha256"]), watch: nil,
            logger: Bench.logger)
        try session.register()
        #expect(try session.claim().isEmpty)
        #expect(try session.waitForWork(upTo: .milliseconds(300), wake: EventFD()) == .timeout)
    }

    @Test func `A worker whose clock is weeks ahead does not delete results as too old`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = TaskID(lowestAt: .now.advanced(by: .seconds(-30 * 86_400)))
        let connection = try PostgresConnection(bench.postgres, settings: SessionSettings.fixedPlans)
        try Partitions(connection, logger: Bench.logger).make(
            from: CivilDay(.now.advanced(by: .seconds(-30 * 86_400))), days: 1)
        try bench.database.sql(
            """
            INSERT INTO finished_task (id, type, outcome, attempts, created_at, completed_at, result)
            SELECT '\(id)', 'sha256', 'completed', 1, t, t, '{}' FROM (SELECT now() - interval '30 days' AS t) n
            """)
        let watch = WorkerWatch(
            WorkerWatch.Configuration(postgres: try off(by: "-30 days"), maintenanceInterval: .milliseconds(50)),
            logger: Bench.logger)
        try eventually("the partitions of the next days exist") {
            Int(try bench.value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'finished_task'::regclass"))! >= 5
        }
        watch.stop()
        #expect(try client.record(id)?.status == .completed)
    }
}
