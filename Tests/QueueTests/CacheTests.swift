import Postgres
import Queue
import TestSupport
import Testing
import Threading

@Suite struct SharedCache {
    let bench: Bench

    init() throws { bench = try Bench() }

    @Test func `Identical unfinished tasks are one task, across nodes and within a batch`() throws {
        let (one, other) = (bench.client(), bench.client())
        defer {
            one.shutdown()
            other.shutdown()
        }
        let id = try #require(try one.submit(task("same")).queuedID)
        #expect(try other.submit(task("same")).queuedID == id)
        let batch = try other.submit([task("twin"), task("same"), task("twin")].map { Submission(task: $0) })
        #expect(batch[0] == batch[2])
        #expect(batch[1].queuedID == id)
        #expect(try bench.value("SELECT count(*) FROM task") == "2")
        // A task that is not cacheable is computed each time.
        _ = try one.submit(
            [task("salted", isCacheable: false), task("salted", isCacheable: false)].map { Submission(task: $0) })
        #expect(try bench.value("SELECT count(*) FROM task") == "4")
    }

    @Test func `A submission joins a task that a worker has claimed, and inserts nothing to find it`()
        throws
    {
        let (one, other) = (bench.client(), bench.client())
        defer {
            one.shutdown()
            other.shutdown()
        }
        let session = try bench.session()
        let id = try #require(try one.submit(task("same")).queuedID)
        let claimed = try session.claim()
        #expect(claimed.map(\.id) == [id])
        try bench.database.sql(
            """
            CREATE TABLE withdrawn (id uuid);
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO withdrawn VALUES (OLD.id); RETURN NULL; END $$;
            CREATE TRIGGER note AFTER DELETE ON task FOR EACH ROW EXECUTE FUNCTION note()
            """)
        for client in [one, other, other] {
            #expect(try client.submit(task("same")).queuedID == id)
            let batch = try client.submit(["same", "new"].map { Submission(task: task($0)) })
            #expect(batch.first?.queuedID == id)
        }
        #expect(try bench.value("SELECT count(*) FROM withdrawn") == "0")
        try session.giveBack(claimed.map(\.id))
        #expect(try one.submit(task("same")).queuedID == id)
        #expect(try bench.value("SELECT count(*), max(sharers) FROM task") == "2|8")
    }

    @Test(arguments: [1, 2], ["read committed", "serializable"])
    func `A task that is claimed while an identical one is inserted stays the only one`(
        _ count: Int, _ isolation: String
    ) throws {
        // An administrator may have set this default for other programs.
        try bench.database.sql(
            "ALTER DATABASE \(bench.database.name) SET default_transaction_isolation = '\(isolation)'")
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("same")).queuedID)
        // `other` acts as another node. It has inserted the task and has not committed. The statement of `client` does
        // not see that row, so `client` inserts the task, too, and waits for the transaction of `other`. Before the
        // commit, `other` claims the task, so that the index of queued tasks does not contain the task.
        let other = try PostgresConnection(bench.postgres)
        try other.execute(text: "CREATE TEMPORARY TABLE kept AS SELECT * FROM task; DELETE FROM task")
        try other.execute(text: "BEGIN; INSERT INTO task SELECT * FROM kept")
        let sent = (0..<count).map { Submission(task: task($0 == 0 ? "same" : "\($0)")) }
        let submission = try bench.submitHeldUp(client, sent)
        try other.execute(text: "UPDATE task SET worker_id = 7, started_at = now(), attempts = 1; COMMIT")
        let outcomes = try submission.outcomes()
        #expect(outcomes.map(\.queuedID) == [id] + sent.dropFirst().map(\.id))
        #expect(try bench.value("SELECT count(*), sum(sharers) FROM task") == "\(count)|\(count + 1)")
    }

    @Test func `The answer to a stored or joined task waits for the disk, and an answer from the cache does not`()
        throws
    {
        let client = bench.client()
        defer { client.shutdown() }
        try bench.database.sql(
            """
            CREATE TABLE noted (number serial, changed text, setting text);
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
            BEGIN
                INSERT INTO noted (changed, setting) VALUES (TG_TABLE_NAME, current_setting('synchronous_commit'));
                RETURN NULL;
            END $$;
            CREATE CONSTRAINT TRIGGER note AFTER INSERT OR UPDATE ON task
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note();
            CREATE CONSTRAINT TRIGGER note AFTER UPDATE ON cache_statistics
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note()
            """)
        let id = try #require(try client.submit(task("same")).queuedID)
        // Of these two submissions, the first finds the task because its insertion does nothing. The second finds the
        // task by a look-up.
        for _ in 1...2 { #expect(try client.submit(task("same")).queuedID == id) }
        #expect(try bench.value("SELECT string_agg(setting, ',') FROM noted WHERE changed = 'task'") == "on,on,on")
        try bench.database.sql(
            "INSERT INTO result_cache SELECT cache_key, id, 'infinity', '1' FROM task; TRUNCATE noted")
        for _ in 1...3 {
            #expect(try client.submit(task("same")) == .cached(id, result: Array("1".utf8)))
        }
        #expect(try bench.value("SELECT string_agg(setting, ',') FROM noted") == "off,off,off")
    }

    @Test func `A submission that the cache answers is not joined to a task`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("same")).queuedID)
        try bench.database.sql(
            "INSERT INTO result_cache SELECT cache_key, id, now() + interval '1 minute', '1' FROM task")
        let outcomes = try client.submit(["same", "new"].map { Submission(task: task($0)) })
        #expect(outcomes[0] == .cached(id, result: Array("1".utf8)))
        #expect(try bench.value("SELECT sharers FROM task WHERE id = '\(id)'") == "1")
    }

    /// - Parameter failing: which attempt to insert "other" fails with a deadlock.
    @Test(arguments: [1, 3])
    func `A join is counted once, however often its transaction is run`(_ failing: Int) throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("joined")).queuedID)
        try bench.database.sql(
            """
            CREATE SEQUENCE attempts;
            GRANT USAGE ON attempts TO PUBLIC;
            CREATE FUNCTION hinder() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE attempt int8 = nextval('attempts');
            BEGIN
                IF attempt = \(failing) THEN RAISE EXCEPTION 'deadlock' USING ERRCODE = 'deadlock_detected'; END IF;
                RETURN CASE WHEN attempt > 2 THEN NEW END;
            END $$;
            CREATE TRIGGER hinder BEFORE INSERT ON task FOR EACH ROW
                WHEN (convert_from(NEW.input, 'UTF8') LIKE '%other%') EXECUTE FUNCTION hinder()
            """)
        let sent = ["joined", "other"].map { Submission(task: task($0)) }
        let answers = try bench.submitTogether(client, sent.map { ([$0], nil) })
        #expect(try answers.map { try $0.get().map(\.queuedID) } == [[id], [sent[1].id]])
        #expect(try bench.value("SELECT last_value FROM attempts") == (failing == 1 ? "3" : "4"))
        #expect(try bench.value("SELECT sharers FROM task WHERE id = '\(id)'") == "2")
        // Four misses: the submission of `id`, the task "first" of `submitTogether`, and the two requests.
        #expect(try client.cacheStatistics().misses == 4)
    }

    @Test func `A claim does not write into the index of the keys of queued tasks`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit((0..<3000).map { Submission(task: task("\($0)")) })
        let size = "SELECT pg_relation_size('task_single_flight')"
        let before = try bench.value(size)
        #expect(try bench.session().claim(3000).count == 3000)
        #expect(try bench.value(size) == before)
    }

    @Test func `A node of the previous version also inserts no second copy of a task that is claimed`()
        throws
    {
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit(task("same"))
        let session = try bench.session()
        let claimed = try session.claim()
        let connection = try PostgresConnection(bench.postgres)
        func insert() throws {
            try connection.execute(
                text: """
                    WITH inserted AS (
                        INSERT INTO task (id, type, priority, max_attempts, awaited, run_at, created_at, cache_key, input)
                        SELECT gen_random_uuid(), type, 0, 5, false, run_at, now(), cache_key, input FROM task
                        ON CONFLICT DO NOTHING
                        RETURNING id
                    )
                    SELECT id FROM inserted
                    UNION ALL
                    SELECT NULL WHERE refuse_finished(ARRAY(SELECT id FROM inserted), '\(TaskID())', '\(TaskID())')
                    """)
        }
        #expect { try insert() } throws: { ($0 as? PostgresError)?.sqlState == "40001" }
        try session.giveBack(claimed.map(\.id))
        try insert()
        #expect(try bench.value("SELECT count(*) FROM task") == "1")
    }

    @Test func `At most one of several identical tasks is unfinished, while workers claim, put back and finish them`()
        throws
    {
        let clients = (0..<2).map { _ in bench.client() }
        defer { for client in clients { client.shutdown() } }
        let isOver = Monitor(false)
        let counts = Monitor((twice: 0, looks: 0, claimed: 0, returned: 0))
        func thread(_ body: @escaping @Sendable () throws -> Void) -> NamedThread {
            NamedThread("test-same") {
                do { try body() } catch { Issue.record("\(error)") }
            }
        }
        let submitters = clients.map { client in
            thread {
                while !isOver.withLock({ $0 }) {
                    // If a submission conflicts with others repeatedly, it may fail with `locked`. Then this thread
                    // submits again.
                    do {
                        _ = try client.submit((0..<10).shuffled().map { Submission(task: task("\($0)")) })
                    } catch QueueError.locked {}
                }
            }
        }
        let workers = (0..<2).map { number in
            thread {
                let session = try bench.session("worker \(number)", cacheTTL: .zero)
                while !isOver.withLock({ $0 }) {
                    let tasks = try session.claim(5)
                    let returned = Array(tasks.shuffled().prefix(2))
                    try session.giveBack(returned.map(\.id))
                    counts.withLock { counts in
                        counts.claimed += tasks.count
                        counts.returned += returned.count
                    }
                    try session.complete(tasks.filter { !returned.contains($0) })
                }
            }
        }
        let watcher = thread {
            let connection = try PostgresConnection(bench.postgres)
            while !isOver.withLock({ $0 }) {
                let twice = try connection.execute("SELECT FROM task GROUP BY cache_key HAVING count(*) > 1").rowCount
                counts.withLock { counts in
                    counts.looks += 1
                    counts.twice += twice
                }
            }
        }
        sleepCurrentThread(for: .seconds(4))
        isOver.withLock { $0 = true }
        for thread in submitters + workers + [watcher] { thread.join() }
        let seen = counts.withLock { $0 }
        #expect(seen.twice == 0)
        #expect(seen.looks > 20 && seen.claimed > 50 && seen.returned > 20, "\(seen)")
    }

    @Test func `A task that is scheduled for later does not delay an identical one that is due now`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let tomorrow = Timestamp(microseconds: Timestamp.now.microseconds + 86_400_000_000)
        let later = try client.submit([Submission(task: task("same"), runAt: tomorrow)])[0].queuedID
        let now = try client.submit(task("same")).queuedID
        #expect(later != nil && now != nil && later != now)
        #expect(try bench.value("SELECT count(*) FROM task WHERE run_at <= now()") == "1")
    }

    @Test func `Nodes that submit the same tasks at the same time store each task once`() throws {
        let clients = (0..<3).map { _ in bench.client() }
        defer { for client in clients { client.shutdown() } }
        let ids = Monitor<[String: Set<TaskID>]>([:])
        let threads = clients.map { client in
            NamedThread("test-node") {
                for round in 0..<40 {
                    let names = (0..<20).map { "\(round)-\($0)" }.shuffled()
                    guard let outcomes = try? client.submit(names.map { Submission(task: task($0)) }) else { return }
                    ids.withLock { ids in
                        for (name, outcome) in zip(names, outcomes) {
                            if let id = outcome.queuedID { ids[name, default: []].insert(id) }
                        }
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(ids.withLock { $0.count } == 800)
        #expect(ids.withLock { $0.values.allSatisfy { $0.count == 1 } })
        #expect(try bench.value("SELECT count(*) FROM task") == "800")
    }

    @Test
    func `The result of a finished task answers the next identical one, and the counters are exact over all nodes`()
        throws
    {
        let (one, other) = (bench.client(), bench.client())
        defer {
            one.shutdown()
            other.shutdown()
        }
        let session = try bench.session()
        let id = try #require(try one.submit(task("a")).queuedID)
        try session.complete(try session.claim())
        for client in [one, other, other] {
            #expect(try client.submit(task("a")) == .cached(id, result: Array(#"{"hash":"00"}"#.utf8)))
        }
        // A client that waits for the result also gets it from the cache.
        #expect(try one.submit(task("a"), wait: .seconds(5)) == .cached(id, result: Array(#"{"hash":"00"}"#.utf8)))
        let mixed = try other.submit(["a", "b", "a", "b"].map { Submission(task: task($0)) })
        #expect(mixed[0] == mixed[2] && mixed[1] == mixed[3])
        _ = try other.submit(task("not cacheable", isCacheable: false))
        let statistics = try other.cacheStatistics()
        #expect(statistics.hits == 6)
        #expect(statistics.misses == 3)
        #expect(statistics.sets == 1)
        #expect(statistics.entries == 1)
        #expect(statistics.hitRate == 6.0 / 9.0)
        #expect(try one.cacheStatistics() == statistics)

        #expect(try one.clearCache() == 1)
        #expect(try one.cacheStatistics().entries == 0)
        #expect(try one.submit(task("a")).queuedID != nil)
    }

    @Test func `Counters stay exact under concurrent nodes and workers`() throws {
        let clients = (0..<3).map { _ in bench.client() }
        defer { for client in clients { client.shutdown() } }
        let stop = Monitor(false)
        let worker = NamedThread("test-worker") {
            guard let session = try? bench.session() else { return }
            var completed: [TaskCompletion] = []
            while let claimed = try? session.transact(completed: completed, claim: 50) {
                if claimed.isEmpty, completed.isEmpty, stop.withLock({ $0 }) { break }
                completed = claimed.map { TaskCompletion(id: $0.id, outcome: .completed(result: [0x31])) }
            }
        }
        let threads = clients.map { client in
            NamedThread("test-node") {
                for _ in 0..<200 { _ = try? client.submit(task("\(Int.random(in: 0..<60))")) }
            }
        }
        for thread in threads { thread.join() }
        stop.withLock { $0 = true }
        worker.join()
        let statistics = try clients[0].cacheStatistics()
        #expect(statistics.hits + statistics.misses == 600)
        // A task is computed twice if its submission looks into the cache before an identical task ends, and is stored
        // after the identical task has ended.
        #expect(statistics.entries == 60 && statistics.sets >= 60)
        #expect(try bench.value("SELECT count(*) FROM finished_task") == "\(statistics.sets)")
    }

    @Test func `An entry expires, and maintenance removes it without counting an eviction`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session(cacheTTL: .milliseconds(150))
        let id = try #require(try client.submit(task("brief")).queuedID)
        try session.complete(try session.claim())
        guard case .cached = try client.submit(task("brief")) else { throw Unexpected(what: "not cached") }
        try eventually("expired") { try client.cacheStatistics().entries == 0 }
        let again = try #require(try client.submit(task("brief")).queuedID)
        #expect(again != id)
        let watch = bench.watch()
        defer { watch.stop() }
        try eventually("removed") { try bench.value("SELECT count(*) FROM result_cache") == "0" }
        #expect(try client.cacheStatistics().evictions == 0)
    }

    @Test func `With a time to live of zero, nothing is cached`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session(cacheTTL: .zero)
        _ = try client.submit(task("a"))
        try session.complete(try session.claim())
        #expect(try client.submit(task("a")).queuedID != nil)
        #expect(try client.cacheStatistics().sets == 0)
    }

    @Test func `Above the limit, the entries that would expire first are evicted`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        for name in ["first", "second", "third"] {
            _ = try client.submit(task(name))
            try session.complete(try session.claim())
        }
        let watch = bench.watch(cacheMaxEntries: 2)
        defer { watch.stop() }
        try eventually("evicted") { try client.cacheStatistics().entries == 2 }
        #expect(try client.cacheStatistics().evictions == 1)
        #expect(try client.submit(task("first")).queuedID != nil)
        guard case .cached = try client.submit(task("third")) else { throw Unexpected(what: "not cached") }
    }

    @Test func `The cache's key is neither the input nor a plain digest of it`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit(task("a"))
        #expect(
            try bench.value(
                """
                SELECT octet_length(cache_key), cache_key <> sha256(input), octet_length(secret)
                FROM task, cache_secret
                """) == "32|t|32")
    }
}
