import Glibc
import Postgres
import Queue
import Schema
import TestSupport
import Testing
import Threading

/// The database stops or is killed, or only sessions are lost.
@Suite struct Restarts {
    @Test func `A process logs once that the database is out of reach, and once that it is back`() throws {
        let cluster = TestCluster(isDurable: false)
        let bench = try Bench(on: cluster)
        let log = LogRecorder()
        let client = bench.client(logger: log.logger)
        let watch = bench.watch(logger: log.logger)
        let session = try bench.session(watch: watch, logger: log.logger)
        defer {
            client.shutdown()
            watch.stop()
            cluster.stop(SIGQUIT)
        }
        _ = try client.submit(task("before"))
        let leadership = "Became the leader, which does the maintenance"
        try eventually("the watch is the leader") { log.messages.contains(leadership) }
        cluster.stop()
        #expect(throws: QueueError.sessionLost) { try session.claim() }
        for number in 0..<4 {
            #expect(try !client.isDatabaseUp())
            #expect(throws: QueueError.self) { try client.submit(task("\(number)")) }
            #expect(throws: QueueError.self) { try session.register() }
            sleepCurrentThread(for: .milliseconds(50))
        }
        cluster.start()
        try eventually("registered") { (try? session.register()) != nil }
        try eventually("back") { (try? client.submit(task("back"))) != nil }
        try eventually("the watch is the leader again") { log.messages.count { $0 == leadership } == 2 }
        let messages = log.messages.filter { $0.contains("atabase") || $0.contains("Cannot") }
        #expect(messages == ["The database is out of reach", "The database is back"])
    }

    @Test func `A watch on a database without a schema logs that once, and watches when the schema is there`() throws {
        let database = try TestDatabase()
        let postgres = PostgresConfiguration(connectionString: database.connectionString)
        let log = LogRecorder()
        let watch = WorkerWatch(
            WorkerWatch.Configuration(postgres: postgres, maintenanceInterval: .milliseconds(100)), logger: log.logger)
        defer { watch.stop() }
        try eventually("it is logged") { log.messages == ["The schema of the database does not fit"] }
        _ = try Schema.migrate(try PostgresConnection(postgres))
        try eventually("it watches") { log.messages.contains("Became the leader, which does the maintenance") }
        #expect(log.messages.filter { $0.contains("atabase") }.count == 2)
    }

    @Test func `A killed database is reported at once and used again when it is back, and nothing is lost`() throws {
        let cluster = TestCluster(isDurable: true)
        let bench = try Bench(on: cluster)
        let client = bench.client()
        let watch = bench.watch()
        defer {
            client.shutdown()
            watch.stop()
            cluster.stop(SIGQUIT)
        }
        let session = try bench.session(watch: watch)
        let claimedBefore = try #require(try client.submit(task("claimed")).queuedID)
        let acknowledged = Monitor<[TaskID]>([claimedBefore])
        #expect(try session.claim().count == 1)

        // These threads submit tasks while the server is killed.
        let stop = Monitor(false)
        let threads = (0..<4).map { thread in
            NamedThread("test-submit") {
                var number = 0
                while !stop.withLock({ $0 }) {
                    number += 1
                    let start = ContinuousClock.now
                    let outcome = try? client.submit(task("\(thread)-\(number)"))
                    if let id = outcome?.queuedID { acknowledged.withLock { $0.append(id) } }
                    if ContinuousClock.now - start > .seconds(5) { Issue.record("an answer took too long") }
                    if outcome == nil { sleepCurrentThread(for: .milliseconds(20)) }
                }
            }
        }
        try eventually("some are acknowledged") { acknowledged.withLock { $0.count } > 20 }
        cluster.stop(SIGKILL)
        try eventually("the kill is noticed") { try !client.isDatabaseUp() }
        let start = ContinuousClock.now
        #expect(throws: QueueError.self) { try client.record(claimedBefore) }
        #expect(throws: QueueError.self) { try client.record(claimedBefore, wait: .seconds(30)) }
        #expect(ContinuousClock.now - start < .seconds(2))
        #expect(throws: QueueError.sessionLost) { try session.claim() }

        cluster.start()
        let back = ContinuousClock.now
        try eventually("back") { (try? client.submit(task("back"))) != nil }
        #expect(ContinuousClock.now - back < .seconds(3))
        #expect(try client.isDatabaseUp())
        stop.withLock { $0 = true }
        for thread in threads { thread.join() }

        // All tasks that were acknowledged are stored once, including the one that a worker had claimed.
        try eventually("registered") { (try? session.register()) != nil }
        try eventually("requeued") { try bench.value("SELECT count(*) FROM task WHERE worker_id IS NOT NULL") == "0" }
        let stored = Set(try bench.value("SELECT id FROM task").split(separator: "\n").compactMap { TaskID($0) })
        let missing = acknowledged.withLock { Set($0) }.subtracting(stored)
        #expect(missing.isEmpty)
        // The attempt does not count if the worker was back before its old session was recovered.
        #expect([0, 1].contains(try client.record(claimedBefore)?.attempts))
        // The client also listens for notifications again.
        let answer = Monitor<TaskStatus?>(nil)
        client.task(claimedBefore, by: .all, wait: .seconds(20)) { result in
            let status = try? result.get()?.status
            answer.broadcast { $0 = status }
        }
        try eventually("marked") { try bench.value("SELECT awaited FROM task WHERE id = '\(claimedBefore)'") == "t" }
        try session.complete(try session.claim(100_000))
        #expect(answer.wait(for: .seconds(10)) { $0 } == .completed)
    }

    /// The session is lost at different moments: before, during or after the commit.
    @Test(arguments: [true, false])
    func `A submission whose session is lost is neither lost nor stored twice`(isArray: Bool) throws {
        let bench = try Bench()
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit(task("warm up"))
        for round in 0..<10 {
            let submissions = (0..<(isArray ? 500 : 1)).map { Submission(task: task("\(round)-\($0)")) }
            let answer = Monitor<Result<[SubmissionOutcome], QueueError>?>(nil)
            client.submit(submissions, wait: nil) { result in answer.broadcast { $0 = result } }
            sleepCurrentThread(for: .microseconds(round * 300))
            try bench.database.sql(
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                    AND (query LIKE '%INSERT INTO task%' OR query = 'COMMIT')
                """)
            let outcomes = try #require(answer.wait(for: .seconds(20)) { $0 }).get()
            #expect(outcomes.map(\.queuedID) == submissions.map(\.id))
        }
        #expect(try bench.value("SELECT count(*) FROM task") == "\(1 + 10 * (isArray ? 500 : 1))")
    }

    @Test func `A session that is lost in the middle of its commit does not make two tasks`() throws {
        let bench = try Bench()
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit(task("warm up"))
        // The commit takes half a second, and the session is ended during that time.
        try bench.database.sql(
            """
            CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON task DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION hold()
            """)
        let submission = Submission(task: task("in doubt", isCacheable: false))
        let answer = Monitor<Result<[SubmissionOutcome], QueueError>?>(nil)
        client.submit([submission], wait: nil) { result in answer.broadcast { $0 = result } }
        try eventually("the commit is underway") {
            try bench.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")
                == "1"
        }
        try bench.database.sql(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE '%INSERT INTO task%' AND pid <> pg_backend_pid()
            """)
        #expect(try #require(answer.wait(for: .seconds(20)) { $0 }).get() == [.queued(submission.id)])
        #expect(try bench.value("SELECT count(*) FROM task WHERE id = '\(submission.id)'") == "1")
    }

    @Test func `A client may start before the database and before its schema`() throws {
        let database = try TestDatabase()
        let client = QueueClient(
            QueueClient.Configuration(
                postgres: PostgresConfiguration(connectionString: database.connectionString)), logger: Bench.logger)
        defer { client.shutdown() }
        let advice = "the database has no schema of Millrace: run millrace migrate"
        #expect(throws: QueueError.schemaUnfit(advice: advice)) { try client.submit(task("early")) }
        #expect(throws: QueueError.schemaUnfit(advice: advice)) { try client.record(TaskID()) }
        #expect(throws: QueueError.schemaUnfit(advice: advice)) { try client.lookUp(TaskID(), by: .all) }
        #expect(try client.databaseState() == .schemaUnfit(advice: advice))
        _ = try Schema.migrate(
            PostgresConnection(PostgresConfiguration(connectionString: database.connectionString)))
        try eventually("ready") { (try? client.submit(task("early"))) != nil }
        #expect(try database.sql("SELECT count(*) FROM task") == "1")
    }
}
