import Postgres
import Queue
import TestSupport
import Testing
import Threading

@Suite struct Failures {
    let bench: Bench

    init() throws { bench = try Bench() }

    @Test func `A failed task is retried with exponential backoff and jitter, and fails after its last attempt`() throws
    {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let id = try #require(
            try client.submit([Submission(task: task("flaky"), maxAttempts: 3)])[0].queuedID)
        for attempt in 1...2 {
            let claimed = try session.claim()
            #expect(claimed.map(\.attempt) == [attempt])
            try session.fail(claimed, "attempt \(attempt)")
            let record = try #require(try client.record(id))
            #expect(record.status == .queued)
            #expect(record.error == "attempt \(attempt)")
            #expect(record.attempts == attempt)
            let pause = try #require(Double(try bench.value("SELECT extract(epoch FROM run_at - now()) FROM task")))
            let ceiling = Double(1 << (attempt - 1))
            #expect(pause > ceiling / 2 - 0.5 && pause <= ceiling)
            #expect(try session.claim().isEmpty)
            try bench.database.sql("UPDATE task SET run_at = now()")
        }
        try session.fail(try session.claim(), "attempt 3")
        let record = try #require(try client.record(id))
        #expect(record.status == .failed)
        #expect(record.error == "attempt 3")
        #expect(record.attempts == 3)
        #expect(try bench.value("SELECT count(*) FROM task") == "0")
    }

    @Test func `A worker claims only tasks of its own types, and sleeps while there are only others`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session(types: ["md5", "primes"])
        let wake = EventFD()
        _ = try client.submit(task("for another version"))
        #expect(try session.claim().isEmpty)
        // The notification of that task may still wake the session, but only once.
        _ = try session.waitForWork(upTo: .milliseconds(100), wake: wake)
        #expect(try session.claim().isEmpty)
        #expect(try session.waitForWork(upTo: .milliseconds(100), wake: wake) == .timeout)
        #expect(try bench.session().claim().count == 1)
    }

    @Test func `The backoffs of many failed tasks differ`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        _ = try client.submit((0..<100).map { Submission(task: task("\($0)")) })
        try session.fail(try session.claim())
        let spread = try bench.value(
            "SELECT count(DISTINCT run_at) > 50, max(run_at) - min(run_at) > '0.3 s' FROM task")
        #expect(spread == "t|t")
    }

    @Test func `A failure that cannot be retried is final`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let id = try #require(try client.submit(task("hopeless")).queuedID)
        try session.fail(try session.claim(), "never", isRetryable: false)
        #expect(try client.record(id)?.status == .failed)
        // A failure is not cached: the next identical task is computed.
        #expect(try client.submit(task("hopeless")).queuedID != id)
    }

    @Test func `A worker sleeps until a postponed task is due`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let wake = EventFD()
        _ = try session.waitForWork(upTo: .zero, wake: wake)
        #expect(try session.claim().isEmpty)
        _ = try client.submit([Submission(task: task("soon"), runAt: .now.advanced(by: .milliseconds(400)))])
        let start = ContinuousClock.now
        while true {
            let wakeup = try session.waitForWork(upTo: .seconds(10), wake: wake)
            #expect(wakeup == .work)
            if try !session.claim().isEmpty { break }
        }
        let slept = ContinuousClock.now - start
        #expect(slept < .seconds(2))
    }
}

@Suite struct Conflicts {
    let bench: Bench

    init() throws { bench = try Bench() }

    /// Makes the first request that shares a queued task (joins it) fail with the error `sqlState`. A sequence counts
    /// these requests, because it is not rolled back.
    private func failFirstJoin(sqlState: String) throws {
        try bench.database.sql(
            """
            CREATE SEQUENCE joins;
            GRANT USAGE ON SEQUENCE joins TO millrace;
            CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('joins') = 1 THEN RAISE EXCEPTION 'conflict' USING ERRCODE = '\(sqlState)'; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER conflict BEFORE UPDATE OF sharers ON task FOR EACH ROW EXECUTE FUNCTION conflict()
            """)
    }

    /// Submits two tasks in one batch: "shared", which is queued already, and "new". A task "first", which is submitted
    /// before them, makes the submitting thread wait for a lock until both have arrived.
    /// - Returns: the answers for "first", "shared" and "new".
    private func submitTogether(_ client: QueueClient) throws -> [Result<[SubmissionOutcome], QueueError>] {
        _ = try client.submit(task("shared"))
        let holder = try PostgresConnection(bench.postgres)
        try holder.execute(text: "BEGIN; LOCK TABLE task IN EXCLUSIVE MODE")
        let answers = Monitor<[Int: Result<[SubmissionOutcome], QueueError>]>([:])
        for (number, submitted) in [task("first"), task("shared"), task("new", isCacheable: false)].enumerated() {
            client.submit([Submission(task: submitted)], wait: nil) { result in
                answers.broadcast { $0[number] = result }
            }
            if number > 0 { continue }
            try bench.untilOneWaits()
        }
        try holder.execute(text: "ROLLBACK")
        let result = try #require(answers.wait(for: .seconds(20)) { $0.count == 3 ? $0 : nil })
        return (0..<3).map { result[$0]! }
    }

    @Test func `A task that is stored before a conflict is not stored again`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        try failFirstJoin(sqlState: "40001")
        for result in try submitTogether(client) { _ = try result.get() }
        #expect(try bench.value("SELECT count(*), sum(sharers) FROM task") == "3|4")
    }

    @Test func `A stored request is answered as stored, even if another request of its batch is refused`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        try failFirstJoin(sqlState: "P0001")
        let result = try submitTogether(client)
        guard case .failure(.internalError) = result[1] else { throw Unexpected(what: "\(result[1])") }
        _ = try result[2].get()
        #expect(try bench.value("SELECT count(*), sum(sharers) FROM task") == "3|3")
    }

    @Test func `Workers are notified of stored tasks, even if another request of the batch is refused after that`()
        throws
    {
        let client = bench.client()
        defer { client.shutdown() }
        // `submitTogether` also submits "first". If "first" is already queued, its submission causes no notification.
        // So submit "first" twice here: when the second call returns, the notification of the first call has been sent.
        for _ in 1...2 { _ = try client.submit(task("first")) }
        try bench.database.sql(
            """
            CREATE SEQUENCE runs;
            GRANT USAGE ON SEQUENCE runs TO millrace;
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('runs') > 1 THEN RAISE EXCEPTION 'refused'; END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON task FOR EACH ROW
                WHEN (convert_from(NEW.input, 'UTF8') LIKE '%other%') EXECUTE FUNCTION refuse()
            """)
        let listener = try PostgresConnection(bench.postgres)
        try listener.execute(text: "LISTEN millrace_work")
        let result = try bench.submitTogether(client, ["new", "other"].map { ([Submission(task: task($0))], nil) })
        _ = try result[0].get()
        #expect(result[1] == .failure(.internalError))
        try eventually("workers are notified") { try !listener.takeNotifications().isEmpty }
    }

    @Test func `Of requests that are stored together, only the one fails that conflicts with others all the time`()
        throws
    {
        let client = bench.client()
        defer { client.shutdown() }
        try bench.database.sql(
            """
            CREATE FUNCTION get_in_the_way() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF convert_from(NEW.input, 'UTF8') LIKE '%busy%' THEN
                    RAISE EXCEPTION 'others were faster' USING ERRCODE = 'serialization_failure';
                END IF;
                RETURN NULL;
            END
            $$;
            CREATE TRIGGER get_in_the_way AFTER INSERT ON task FOR EACH ROW EXECUTE FUNCTION get_in_the_way()
            """)
        let requests = (0..<20).map {
            (tasks: [Submission(task: task($0 == 7 ? "busy" : "\($0)"))], key: IdempotencyKey?.none)
        }
        let result = try bench.submitTogether(client, requests)
        for (number, answer) in result.enumerated() {
            #expect(answer == (number == 7 ? .failure(.locked) : .success([.queued(requests[number].tasks[0].id)])))
        }
        #expect(try bench.value("SELECT count(*) FROM task") == "20")
    }
}
