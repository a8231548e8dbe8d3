import Postgres
import Queue
import TestSupport
import Testing
import Threading

/// Tasks are locked and inserted in a fixed order, which prevents deadlocks.
@Suite struct LockOrder {
    let bench: Bench

    init() throws { bench = try Bench() }

    @Test func `Tasks that are joined are locked in the order of ids`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let ids = try client.submit(["one", "two"].map { Submission(task: task($0)) }).map(\.id)
        let other = try bench.locker(ids[0])
        let submission = try bench.submitHeldUp(client, ["two", "one"].map { Submission(task: task($0)) })
        try other.execute(text: "SELECT FROM task WHERE id = '\(ids[1])' FOR UPDATE NOWAIT; COMMIT")
        #expect(try submission.outcomes().map(\.queuedID) == ids.reversed())
    }

    @Test func `Tasks are inserted in the order of their cache keys`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let names = ["one", "two"]
        let stored = try client.submit(names.map { Submission(task: task($0)) }).map(\.id)
        let first = try bench.value("SELECT id FROM task ORDER BY cache_key LIMIT 1")
        let other = try PostgresConnection(bench.postgres, settings: ["lock_timeout = 100"])
        try other.execute(text: "CREATE TABLE kept AS SELECT * FROM task; DELETE FROM task")
        try other.execute(text: "BEGIN; INSERT INTO task SELECT * FROM kept ORDER BY cache_key LIMIT 1")
        // Submit the tasks so that their ids are in the opposite order of their cache keys.
        let isReversed = "\(stored[0])" == first
        let submission = try bench.submitHeldUp(
            client, (isReversed ? names.reversed() : names).map { Submission(task: task($0)) })
        try other.execute(text: "INSERT INTO task SELECT * FROM kept ORDER BY cache_key DESC LIMIT 1")
        try other.execute(text: "COMMIT")
        let outcomes = try submission.outcomes()
        #expect(outcomes.map(\.queuedID) == (isReversed ? stored.reversed() : stored))
    }

    @Test func `A submission that waits for another insertion does not block the insertion of a task that it joins`()
        throws
    {
        let client = bench.client()
        defer { client.shutdown() }
        let joined = try #require(try client.submit(task("joined")).queuedID)
        let inserted = try #require(try client.submit(task("inserted")).queuedID)
        let other = try PostgresConnection(bench.postgres)
        try other.execute(
            text: "CREATE TABLE kept AS SELECT * FROM task; DELETE FROM task WHERE id = '\(inserted)'")
        try other.execute(text: "BEGIN; INSERT INTO task SELECT * FROM kept WHERE id = '\(inserted)'")
        let submission = try bench.submitHeldUp(client, ["joined", "inserted"].map { Submission(task: task($0)) })
        let third = try PostgresConnection(bench.postgres, settings: ["lock_timeout = 100"])
        try third.execute(
            text: """
                UPDATE kept SET id = gen_random_uuid() WHERE id = '\(joined)';
                INSERT INTO task SELECT * FROM kept WHERE id <> '\(inserted)' ON CONFLICT DO NOTHING
                """)
        #expect(try bench.waiting() == 1)
        try other.execute(text: "COMMIT")
        #expect(try submission.outcomes().map(\.queuedID) == [joined, inserted])
        #expect(try bench.value("SELECT count(*), sum(sharers) FROM task") == "2|4")
    }

    @Test func `While a transaction searches again for one of its tasks, it holds no lock of the others`()
        throws
    {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("same")).queuedID)
        let other = try PostgresConnection(bench.postgres)
        try other.execute(
            text: """
                CREATE TABLE kept AS SELECT * FROM task; DELETE FROM task;
                CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END $$;
                CREATE TRIGGER pause AFTER INSERT ON task EXECUTE FUNCTION pause()
                """)
        try other.execute(text: "BEGIN; INSERT INTO task SELECT * FROM kept")
        let sent = ["same", "new"].map { Submission(task: task($0)) }
        let submission = try bench.submitHeldUp(client, sent)
        // After this commit, the waiting insertion does nothing. Then the node searches for the task again.
        try other.execute(text: "COMMIT; BEGIN; SELECT FROM task FOR UPDATE")
        // Now the node finds the task that `other` has inserted, and waits for the lock of the row of this task.
        try bench.untilOneWaits()
        let third = try PostgresConnection(bench.postgres, settings: ["lock_timeout = 100"])
        try third.execute(
            text: """
                BEGIN; UPDATE kept SET id = '\(sent[1].id)', cache_key = NULL; INSERT INTO task SELECT * FROM kept; ROLLBACK
                """)
        try other.execute(text: "COMMIT")
        #expect(try submission.outcomes().map(\.queuedID) == [id, sent[1].id])
    }

    /// - Parameter overtaken: the number of runs in which another session is faster.
    @Test(arguments: [9, 20])
    func `A transaction that others overtake is started over nine times, and then runs to its end`(_ overtaken: Int)
        throws
    {
        let client = bench.client()
        defer { client.shutdown() }
        try bench.database.sql(
            """
            CREATE SEQUENCE runs; CREATE SEQUENCE repeated;
            GRANT USAGE ON runs, repeated TO PUBLIC;
            CREATE FUNCTION overtake() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF current_setting('test.has_run', true) = 'yes' THEN PERFORM nextval('repeated'); END IF;
                PERFORM set_config('test.has_run', 'yes', true);
                RETURN CASE WHEN nextval('runs') > \(overtaken) THEN NEW END;
            END $$;
            CREATE TRIGGER overtake BEFORE INSERT ON task FOR EACH ROW
                WHEN (convert_from(NEW.input, 'UTF8') LIKE '%same%') EXECUTE FUNCTION overtake()
            """)
        let sent = ["same", "new"].map { Submission(task: task($0)) }
        #expect(try client.submit(sent).map(\.queuedID) == sent.map(\.id))
        #expect(try bench.value("SELECT last_value FROM runs") == "\(overtaken + 1)")
        // After nine rollbacks, the statement is repeated in one transaction until each task is inserted or joined.
        let repeated = overtaken - 9
        #expect(try bench.value("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM repeated") == "\(repeated)")
        // The sharers and the misses do not include the transactions that were rolled back.
        #expect(try bench.value("SELECT count(*), sum(sharers) FROM task") == "2|2")
        #expect(try client.cacheStatistics().misses == 2)
    }

    /// - Parameter isLastAttempt: whether the second task ends as failed; if not, it is completed.
    @Test(arguments: [false, true])
    func `A worker that ends tasks in several ways locks them in the order of their ids`(isLastAttempt: Bool) throws {
        let client = bench.client()
        defer { client.shutdown() }
        let ids = try client.submit(
            (0..<2).map { Submission(task: task("\($0)"), maxAttempts: $0 == 1 && isLastAttempt ? 1 : 5) }
        ).map(\.id)
        let session = try bench.session()
        let claimed = try session.claim()
        #expect(claimed.map(\.id) == ids)
        // Another session has locked the first task. It acts like a submission that joins both tasks.
        let holder = try bench.locker(ids[0])
        let failed = TaskCompletion.Outcome.failed(message: "x", isRetryable: true)
        _ = try session.begin(
            completed: [
                TaskCompletion(id: ids[0], outcome: failed),
                TaskCompletion(id: ids[1], outcome: isLastAttempt ? failed : .completed(result: [0x31])),
            ], claim: 0)
        try bench.untilOneWaits()
        try holder.execute(text: "SELECT FROM task WHERE id = '\(ids[1])' FOR UPDATE NOWAIT; COMMIT")
        _ = try session.finish()
        #expect(try bench.value("SELECT count(*) FROM task") == "1")
        #expect(try client.record(ids[1])?.status == (isLastAttempt ? .failed : .completed))
    }

    /// A worker claims two tasks, and then puts them back. If `isAll` is true, the worker signs off; if not, it calls
    /// `giveBack`.
    /// - Parameters:
    ///   - prepare: takes a lock that the worker has to wait for.
    ///   - body: runs while the worker waits, and releases the lock.
    private func putTwoBack(_ isAll: Bool, _ prepare: () throws -> Void, whileItWaits body: () throws -> Void) throws {
        let isClaimed = Monitor(false)
        let mayReturn = Monitor(false)
        let thread = NamedThread("test-back") {
            do {
                let session = try bench.session()
                let tasks = try session.claim()
                isClaimed.broadcast { $0 = tasks.count == 2 }
                guard mayReturn.wait(for: .seconds(20), { $0 ? true : nil }) != nil else { return }
                if isAll { session.signOff() } else { try session.giveBack(tasks.map(\.id).reversed()) }
            } catch {
                Issue.record("\(error)")
            }
        }
        try #require(isClaimed.wait(for: .seconds(20)) { $0 ? true : nil } == true)
        try prepare()
        mayReturn.broadcast { $0 = true }
        try bench.untilOneWaits()
        try body()
        thread.join()
        let returned = "SELECT count(*), count(worker_id), max(attempts), count(started_at) FROM task"
        #expect(try bench.value(returned) == "2|0|0|0")
    }

    @Test(arguments: [false, true])
    func `A worker that puts tasks back waits for an identical insertion without blocking the next one`(
        _ isAll: Bool
    ) throws {
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit((0..<20).map { Submission(task: task("\($0)")) })
        // Keep two tasks whose cache keys are in the opposite order of their ids.
        try bench.database.sql(
            """
            WITH pair AS (SELECT a.id AS one, b.id AS two FROM task a JOIN task b
                ON a.id < b.id AND a.cache_key > b.cache_key LIMIT 1)
            DELETE FROM task USING pair WHERE id NOT IN (one, two)
            """)
        let other = try PostgresConnection(bench.postgres, settings: ["lock_timeout = 100"])
        try putTwoBack(isAll) {
            try other.execute(
                text: """
                    CREATE TABLE kept AS SELECT * FROM task;
                    UPDATE kept SET id = gen_random_uuid(), worker_id = NULL
                    """)
            try other.execute(text: "BEGIN; INSERT INTO task SELECT * FROM kept ORDER BY cache_key LIMIT 1")
        } whileItWaits: {
            try other.execute(text: "INSERT INTO task SELECT * FROM kept ORDER BY cache_key DESC LIMIT 1; ROLLBACK")
        }
    }

    @Test(arguments: [false, true])
    func `A worker that puts tasks back locks them in the order of their ids`(_ isAll: Bool) throws {
        let client = bench.client()
        defer { client.shutdown() }
        let ids = try client.submit((0..<2).map { Submission(task: task("\($0)")) }).map(\.id)
        // Insert the first task again, so that its row is the last one in the table (by ctid).
        try bench.database.sql(
            """
            WITH first AS (DELETE FROM task WHERE id = '\(ids[0])' RETURNING *)
            INSERT INTO task SELECT * FROM first
            """)
        var holder: PostgresConnection?
        try putTwoBack(isAll) {
            holder = try bench.locker(ids[0])
        } whileItWaits: {
            try holder?.execute(text: "SELECT FROM task WHERE id = '\(ids[1])' FOR UPDATE NOWAIT; COMMIT")
        }
    }
}
