import Postgres
import Queue
import TestSupport
import Testing
import Threading

@Suite struct LifeOfATask {
    let bench: Bench

    init() throws { bench = try Bench() }

    @Test func `A task is queued, processed and completed, and its input is erased`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("secret")).queuedID)
        #expect(try client.record(id)?.status == .queued)

        let session = try bench.session()
        let claimed = try session.claim()
        #expect(claimed.map(\.id) == [id])
        #expect(claimed.first?.attempt == 1)
        #expect(claimed.first?.input == Array(#"{"string":"secret"}"#.utf8))
        #expect(try client.record(id)?.status == .processing)
        #expect(try bench.value("SELECT count(*) FROM task WHERE convert_from(input, 'utf8') LIKE '%secret%'") == "1")

        try session.complete(claimed)
        let record = try #require(try client.record(id))
        #expect(record.status == .completed)
        #expect(record.result == Array(#"{"hash":"00"}"#.utf8))
        #expect(record.attempts == 1)
        #expect(try #require(record.startedAt) >= record.createdAt)
        #expect(try #require(record.completedAt) >= #require(record.startedAt))
        #expect(try bench.value("SELECT count(*) FROM task") == "0")
        #expect(try bench.value("SELECT count(*) FROM finished_task t WHERE t::text LIKE '%secret%'") == "0")
    }

    @Test func `When many tasks are completed at once, and some were cancelled, each has its own result`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let outcomes = try client.submit((0..<300).map { Submission(task: task("many \($0)")) })
        let session = try bench.session()
        let claimed = try session.claim(500)
        #expect(claimed.count == 300)
        for outcome in outcomes.prefix(20) { _ = try client.cancel(outcome.id) }
        _ = try session.transact(
            completed: claimed.shuffled().map {
                TaskCompletion(id: $0.id, outcome: .completed(result: Array("{\"of\":\"\($0.id)\"}".utf8)))
            }, claim: 0)
        #expect(try bench.value("SELECT count(*) FROM finished_task WHERE outcome = 'completed'") == "280")
        #expect(
            try bench.value(
                "SELECT count(*) FROM finished_task WHERE outcome = 'completed' AND result ->> 'of' = id::text")
                == "280")
        #expect(
            try bench.value("SELECT count(*) FROM result_cache WHERE result ->> 'of' = task_id::text") == "280")
    }

    @Test func `The look-up of an unknown id returns nil, even with a wait`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        #expect(try client.record(TaskID()) == nil)
        #expect(try client.record(TaskID(), wait: .seconds(5)) == nil)
    }

    @Test func `Urgent tasks are claimed first, then those that were due first, and no task before its time`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let now = Timestamp.now
        let submissions = [
            Submission(task: task("later"), runAt: now.advanced(by: .seconds(-1))),
            Submission(task: task("urgent"), priority: -1),
            Submission(task: task("sooner"), runAt: now.advanced(by: .seconds(-2))),
            Submission(task: task("tomorrow"), priority: -2, runAt: now.advanced(by: .seconds(86_400))),
            Submission(task: task("lazy"), priority: 7),
        ]
        _ = try client.submit(submissions)
        let session = try bench.session()
        for next in [1, 2, 0, 4] { #expect(try session.claim(1).map(\.id) == [submissions[next].id]) }
        #expect(try session.claim().isEmpty)
    }

    @Test func `Concurrent workers finish every task exactly once`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let count = 3000
        _ = try client.submit((0..<count).map { Submission(task: task("\($0)")) })
        let done = Monitor<[TaskID]>([])
        let threads = (0..<4).map { number in
            NamedThread("test-worker") {
                guard let session = try? bench.session("\(number)") else { return }
                var completed: [TaskCompletion] = []
                while let claimed = try? session.transact(completed: completed, claim: 17) {
                    if claimed.isEmpty, completed.isEmpty { break }
                    done.withLock { $0 += claimed.map(\.id) }
                    completed = claimed.map { TaskCompletion(id: $0.id, outcome: .completed(result: [0x31])) }
                }
                session.signOff()
            }
        }
        for thread in threads { thread.join() }
        #expect(done.withLock { $0.count } == count)
        #expect(done.withLock { Set($0).count } == count)
        #expect(try bench.value("SELECT count(*), count(DISTINCT id) FROM finished_task") == "\(count)|\(count)")
        #expect(try bench.value("SELECT count(*) FROM task") == "0")
    }

    @Test func `Ten thousand tasks are accepted together, in the order given`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let submissions = (0..<10_000).map { Submission(task: task("\($0)")) }
        #expect(try client.submit(submissions).map(\.queuedID) == submissions.map(\.id))
        #expect(try bench.value("SELECT count(*), count(DISTINCT xmin::text) FROM task") == "10000|1")
    }

    @Test func `If the database refuses one task of an array, none of its tasks is accepted`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        try bench.database.sql("ALTER TABLE task ADD CHECK (priority <> 666)")
        var submissions = (0..<50).map { Submission(task: task("\($0)")) }
        submissions.append(Submission(task: task("bad"), priority: 666))
        #expect(throws: QueueError.internalError) { try client.submit(submissions) }
        #expect(try bench.value("SELECT count(*) FROM task") == "0")
        submissions.removeLast()
        #expect(try client.submit(submissions).count == 50)
    }

    @Test func `A worker gives back tasks that it did not start, and the attempt does not count`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit((0..<4).map { Submission(task: task("\($0)")) })
        let first = try bench.session()
        let claimed = try first.claim()
        try first.giveBack([claimed[0].id, claimed[1].id])
        let second = try bench.session()
        #expect(try second.claim().map(\.attempt) == [1, 1])
        // Signing off gives back the other two tasks.
        first.signOff()
        #expect(try second.claim().map(\.attempt) == [1, 1])
        #expect(try bench.value("SELECT count(*) FROM worker") == "1")
    }

    @Test func `A task can be cancelled while it is queued or processed, but not after it is finished`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()

        let queued = try #require(try client.submit(task("queued")).queuedID)
        guard case .cancelled(let record) = try client.cancel(queued) else {
            throw Unexpected(what: "not cancelled")
        }
        #expect(record.status == .cancelled)
        #expect(try session.claim().isEmpty)

        let processed = try #require(try client.submit(task("processed")).queuedID)
        let claimed = try session.claim()
        guard case .cancelled = try client.cancel(processed) else { throw Unexpected(what: "not cancelled") }
        try session.complete(claimed)
        #expect(try client.record(processed)?.status == .cancelled)
        #expect(try client.record(processed)?.result == nil)
        #expect(try bench.value("SELECT count(*) FROM result_cache") == "0")

        let finished = try #require(try client.submit(task("finished")).queuedID)
        try session.complete(try session.claim())
        guard case .alreadyFinished(let kept) = try client.cancel(finished) else {
            throw Unexpected(what: "cancelled")
        }
        #expect(kept.status == .completed)
        #expect(try client.cancel(TaskID()) == .unknown)
    }
}
