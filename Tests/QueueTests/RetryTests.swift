import JSON
import Queue
import Tasks
import TestSupport
import Testing
import Threading

@Suite struct TryingAgain {
    let bench: Bench

    init() throws { bench = try Bench() }

    @Test func `A failed task that is retried keeps its input, id and attempts, and gets as many more`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session("worker-1")
        let id = try #require(
            try client.submit([Submission(task: task("a"), priority: 3, maxAttempts: 1)])[0].queuedID)
        try session.fail(try session.claim(), "no luck")
        #expect(try client.retry(id, as: nil) == .needsInput)
        guard case .queued(let record) = try client.retry(id, as: task("a")) else {
            throw Unexpected(what: "not queued")
        }
        #expect(record.status == .queued && record.error == "no luck" && record.attempts == 1)
        // The request arrives a second time, as if the balancer had resent it to another node.
        guard case .queued = try client.retry(id, as: task("a")) else { throw Unexpected(what: "not queued") }
        let claimed = try session.claim()
        #expect(claimed.map(\.id) == [id] && claimed[0].input == task("a").input)
        #expect(claimed[0].attempt == 2 && claimed[0].maxAttempts == 2)
        #expect(try bench.value("SELECT priority FROM task") == "3")
        try session.complete(claimed)
        #expect(try client.record(id)?.status == .completed)
        let attempts = try #require(
            try client.attempts(of: id, by: .all).map { try JSONValue(parsing: $0) }?.arrayValue)
        #expect(attempts.map { $0["outcome"]?.stringValue } == ["failed", "completed"])
        #expect(try client.retry(id, as: task("a")) == .isCompleted)
        #expect(try client.retry(TaskID(), as: task("a")) == .unknown)
        #expect(try bench.value("SELECT count(*) FROM finished_task") == "1")
    }

    @Test(arguments: [nil, "the installation's own"])
    func `A task can be retried with the input that it was submitted with, and with no other`(_ secret: String?) throws
    {
        let client = bench.client(cacheSecret: secret.map { Array($0.utf8) })
        let watch = bench.watch()
        defer {
            client.shutdown()
            watch.stop()
        }
        for isCacheable in [true, false] {
            let sent = task("a", isCacheable: isCacheable)
            // The task ends without a result in each possible way. After a retry, it ends once more in the same way.
            for end in ["failed", "cancelled", "failed with its worker"] {
                let id = try #require(try client.submit([Submission(task: sent, maxAttempts: 1)])[0].queuedID)
                for _ in 0..<2 {
                    if end == "cancelled" {
                        _ = try client.cancel(id)
                    } else {
                        let session = try bench.session()
                        let claimed = try session.claim()
                        #expect(claimed.map(\.id) == [id])
                        if end == "failed" {
                            try session.fail(claimed, isRetryable: false)
                        } else {
                            try bench.kill(session)
                        }
                    }
                    try eventually("\(end)") { try client.record(id)?.status.isFinished == true }
                    let record = try client.record(id)
                    for other in [task("b"), task("a", type: "md5")] {
                        #expect(try client.retry(id, as: other) == .isOtherInput, "\(end)")
                    }
                    #expect(try client.record(id) == record)
                    guard case .queued = try client.retry(id, as: sent) else {
                        throw Unexpected(what: "not queued: \(end)")
                    }
                }
                _ = try client.cancel(id)
            }
        }
    }

    @Test func `A task takes five wrong inputs on all nodes together, and then none`() throws {
        let (one, other) = (bench.client(), bench.client())
        defer { for client in [one, other] { client.shutdown() } }
        let session = try bench.session()
        for isCancelled in [true, false] {
            let id = try #require(try one.submit([Submission(task: task("a"), maxAttempts: 1)])[0].queuedID)
            func end() throws {
                if isCancelled { _ = try one.cancel(id) } else { try session.fail(try session.claim()) }
            }
            try end()
            for number in 0..<4 {
                #expect(try [one, other][number % 2].retry(id, as: task("\(number)")) == .isOtherInput)
            }
            // After four wrong inputs, the right input is taken. When the task ends again, a new count begins.
            guard case .queued = try other.retry(id, as: task("a")) else { throw Unexpected(what: "not queued") }
            try end()
            for number in 0..<5 {
                #expect(try [one, other][number % 2].retry(id, as: task("\(number)")) == .isOtherInput)
            }
            for input in ["5", "a"] { #expect(try one.retry(id, as: task(input)) == .takesNoInput) }
            #expect(try bench.value("SELECT max(wrong_inputs) FROM finished_task") == "5")
        }
    }

    @Test func `Many guesses at the same time are counted like one after the other`() throws {
        let clients = (0..<4).map { _ in bench.client() }
        defer { for client in clients { client.shutdown() } }
        let id = try #require(try clients[0].submit([Submission(task: task("a"))])[0].queuedID)
        _ = try clients[0].cancel(id)
        let wrong = Monitor(0)
        let threads = (0..<16).map { number in
            NamedThread("guess-\(number)") {
                for guess in 0..<5
                where (try? clients[number % 4].retry(id, as: task("\(number) \(guess)"))) == .isOtherInput {
                    wrong.withLock { $0 += 1 }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(wrong.withLock { $0 } == 5)
        #expect(try clients[1].retry(id, as: task("a")) == .takesNoInput)
    }

    @Test func `The stored digest of an ended task tells nothing of other tasks`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        for isCacheable in [true, false] {
            for _ in 0..<2 {
                let sent = task("a", isCacheable: isCacheable)
                let id = try #require(try client.submit([Submission(task: sent, maxAttempts: 1)])[0].queuedID)
                #expect(try bench.value("SELECT octet_length(coalesce(cache_key, input_digest)) FROM task") == "32")
                if isCacheable { _ = try client.cancel(id) } else { try session.fail(try session.claim()) }
            }
        }
        #expect(try bench.value("SELECT count(DISTINCT input_digest) FROM finished_task") == "4")
    }

    @Test func `A task that ended before its digest was its own can be retried`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit([Submission(task: task("a"))])[0].queuedID)
        let plain = try bench.value("SELECT coalesce(cache_key, input_digest) FROM task")
        _ = try client.cancel(id)
        try bench.database.sql("UPDATE finished_task SET input_digest = '\(plain)'")
        #expect(try client.retry(id, as: task("b")) == .isOtherInput)
        guard case .queued = try client.retry(id, as: task("a")) else { throw Unexpected(what: "not queued") }
    }

    @Test func `A task that is retried with its kept input can be retried with a sent one later`() throws {
        let client = bench.client(keepsFailedInput: true)
        defer { client.shutdown() }
        let id = try #require(try client.submit([Submission(task: task("a"))])[0].queuedID)
        for input in [nil, task("a"), nil, nil, task("a")] {
            _ = try client.cancel(id)
            #expect(try client.retry(id, as: task("b")) == .isOtherInput)
            guard case .queued = try client.retry(id, as: input) else { throw Unexpected(what: "not queued") }
        }
    }

    @Test func `A task that has failed again while the answer was lost is not retried a second time`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let id = try #require(try client.submit([Submission(task: task("a"), maxAttempts: 1)])[0].queuedID)
        try session.fail(try session.claim())
        // The first statement that deletes the finished task takes a second, and then fails as if its session was lost.
        // A sequence counts these statements, because it is not rolled back.
        try bench.database.sql(
            """
            CREATE SEQUENCE deletions;
            GRANT USAGE ON SEQUENCE deletions TO millrace;
            CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('deletions') > 1 THEN RETURN OLD; END IF;
                PERFORM pg_sleep(1);
                RAISE EXCEPTION 'lost' USING ERRCODE = '57P01';
            END $$;
            CREATE TRIGGER lose BEFORE DELETE ON finished_task FOR EACH ROW EXECUTE FUNCTION lose()
            """)
        let result = Monitor<Result<Retry, any Error>?>(nil)
        let thread = NamedThread("test-retry") {
            let answer = Result { try client.retry(id, as: task("a")) }
            result.broadcast { $0 = answer }
        }
        defer { thread.join() }
        try eventually("it is underway") {
            try bench.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "0"
        }
        // Change the row as if the task had been retried and had failed again.
        try bench.database.sql("UPDATE finished_task SET completed_at = clock_timestamp(), attempts = 2")
        guard case .queued(let record) = try #require(result.wait(for: .seconds(20)) { $0 }).get() else {
            throw Unexpected(what: "not sent again")
        }
        #expect(record.status == .failed && record.attempts == 2)
        #expect(try bench.value("SELECT count(*) FROM task") == "0")
        // A request that arrives now is for the new failure.
        guard case .queued(let record) = try client.retry(id, as: task("a")) else {
            throw Unexpected(what: "not queued")
        }
        #expect(record.status == .queued)
    }

    @Test func `However often a task is retried, it gets as many attempts each time as the first time`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let id = try #require(try client.submit([Submission(task: task("a"), maxAttempts: 5)])[0].queuedID)
        for attempt in 1...4 {
            let claimed = try session.claim()
            #expect(claimed.map(\.attempt) == [attempt])
            #expect(claimed.map(\.maxAttempts) == [attempt + 4])
            if attempt == 3 { _ = try client.cancel(id) } else { try session.fail(claimed, isRetryable: false) }
            _ = try client.retry(id, as: task("a"))
        }
        // The count of attempts has 16 bits. At its maximum, it stays the same.
        try bench.database.sql("UPDATE task SET attempts = 32767, max_attempts = 32767, attempts_before = 32767")
        #expect(try session.claim().map(\.attempt) == [32767])
    }

    @Test
    func `Inputs of failed and cancelled tasks are kept if that is configured, and those of completed tasks never`()
        throws
    {
        let client = bench.client(keepsFailedInput: true)
        defer { client.shutdown() }
        let session = try bench.session(keepsFailedInput: true)
        let ids = try ["failed", "cancelled", "completed"].map { name in
            try #require(try client.submit([Submission(task: task(name), maxAttempts: 1)])[0].queuedID)
        }
        _ = try client.cancel(ids[1])
        let claimed = try session.claim()
        try session.fail(claimed.filter { $0.id == ids[0] })
        try session.complete(claimed.filter { $0.id == ids[2] })
        #expect(
            try bench.value("SELECT string_agg(convert_from(input, 'utf8'), ',' ORDER BY id) FROM finished_task")
                == #"{"string":"failed"},{"string":"cancelled"}"#)
        for id in ids[..<2] {
            guard case .queued = try client.retry(id, as: nil) else { throw Unexpected(what: "not queued") }
        }
        #expect(try bench.value("SELECT count(input) FROM finished_task") == "0")
        #expect(try session.claim().map(\.id) == Array(ids[..<2]))
    }

    @Test func `Tasks are listed newest first, by status and type, page by page`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session(types: ["sha256", "md5"])
        let submissions = (0..<40).map {
            Submission(task: task("\($0)", type: $0 % 4 == 0 ? "md5" : "sha256"), maxAttempts: 1)
        }
        _ = try client.submit(submissions)
        let ids = submissions.map(\.id)
        let claimed = Dictionary(uniqueKeysWithValues: try session.claim(30).map { ($0.id, $0) })
        try session.complete(ids[..<10].compactMap { claimed[$0] })
        try session.fail(ids[10..<20].compactMap { claimed[$0] })
        for id in ids[35...] { _ = try client.cancel(id) }
        func list(_ status: TaskStatus?, _ type: String? = nil) throws -> [TaskID] {
            var all: [TaskID] = []
            while true {
                let page = try client.tasks(status: status, type: type, by: .all, limit: 3, after: all.last)
                if let status { #expect(page.allSatisfy { $0.status == status }) }
                all += page.map(\.id)
                if page.count < 3 { return all }
            }
        }
        #expect(try list(nil) == ids.reversed())
        #expect(try list(.completed) == ids[..<10].reversed())
        #expect(try list(.failed) == ids[10..<20].reversed())
        #expect(try list(.processing) == ids[20..<30].reversed())
        #expect(try list(.queued) == ids[30..<35].reversed())
        #expect(try list(.cancelled) == ids[35...].reversed())
        #expect(try list(.failed, "md5") == [ids[16], ids[12]])
        #expect(try list(nil, "md5").count == 10)
    }
}
