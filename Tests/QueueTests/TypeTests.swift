import Postgres
import TestSupport
import Testing
import Threading

@testable import Queue

@Suite struct Types {
    let bench: Bench
    private static let names = ["sha256", "md5"]

    init() throws { bench = try Bench() }

    @Test func `No task of a paused type is claimed, and resuming the type wakes sleeping workers`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit((0..<200).map { Submission(task: task("\($0)")) })
        try client.setPaused("sha256", true)
        let other = try #require(try client.submit(task("other", type: "md5")).queuedID)
        let session = try bench.session(types: Self.names)
        #expect(try session.claim().map(\.id) == [other])
        let wake = EventFD()
        _ = try session.waitForWork(upTo: .milliseconds(100), wake: wake)
        #expect(try session.claim().isEmpty)
        #expect(try session.waitForWork(upTo: .milliseconds(200), wake: wake) == .timeout)
        #expect(
            try client.types(Self.names, by: .all) == [
                TypeState(type: "sha256", isPaused: true, concurrency: nil, queued: 200, processing: 0),
                TypeState(type: "md5", isPaused: false, concurrency: nil, queued: 0, processing: 1),
            ])
        try client.setPaused("sha256", false)
        #expect(try session.waitForWork(upTo: .seconds(5), wake: wake) == .work)
        #expect(try session.claim().count == 100)
    }

    @Test func `All workers together never have more tasks of a bounded type than its limit`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        try client.bound("sha256", to: 3)
        _ = try client.submit((0..<200).map { Submission(task: task("\($0)")) })
        _ = try client.submit((0..<100).map { Submission(task: task("\($0)", type: "md5")) })
        let most = Monitor(0)
        let threads = (0..<4).map { number in
            NamedThread("test-worker") {
                guard let session = try? bench.session("\(number)", types: Self.names, concurrency: 2) else { return }
                let wake = EventFD()
                var completed: [TaskCompletion] = []
                while let claimed = try? session.transact(completed: completed, claim: 10) {
                    if let running = Int(
                        (try? bench.value(
                            "SELECT count(*) FROM task WHERE worker_id IS NOT NULL AND type = 'sha256'")) ?? "")
                    {
                        most.withLock { $0 = max($0, running) }
                    }
                    completed = claimed.map { TaskCompletion(id: $0.id, outcome: .completed(result: [0x31])) }
                    if !completed.isEmpty { continue }
                    if (try? session.waitForWork(upTo: .milliseconds(500), wake: wake)) != .work { break }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(most.withLock { $0 } == 3)
        #expect(try bench.value("SELECT count(*) FROM finished_task") == "300")
        try client.bound("sha256", to: nil)
        #expect(try client.types(["sha256"], by: .all)[0].concurrency == nil)
    }

    @Test func `A worker claims no more tasks of a bounded type than it has threads`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        try client.bound("sha256", to: 50)
        _ = try client.submit((0..<200).map { Submission(task: task("\($0)")) })
        #expect(try bench.session(concurrency: 2).claim().count == 2)
        let bounded = try bench.session(concurrency: 60)
        #expect(!bounded.hasBounds)
        #expect(try bounded.claim().count == 48)
        #expect(bounded.hasBounds)
        #expect(try bench.session().claim().isEmpty)
        try client.bound("sha256", to: nil)
        #expect(try bounded.claim(1).count == 1)
        #expect(!bounded.hasBounds)
    }

    @Test func `A worker that is stopped in the middle of a claim blocks only its bounded type for others`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        try client.bound("sha256", to: 3)
        let bounded = try #require(try client.submit(task("bounded")).queuedID)
        let other = try #require(try client.submit(task("other", type: "md5")).queuedID)
        let session = try bench.session(types: Self.names)
        let stopped = try PostgresConnection(bench.postgres)
        try stopped.execute(text: "BEGIN; SELECT FROM task_type WHERE type = 'sha256' FOR UPDATE")
        let start = ContinuousClock.now
        #expect(try session.claim().map(\.id) == [other])
        #expect(ContinuousClock.now - start < .seconds(5))
        let wake = EventFD()
        #expect(try session.waitForWork(upTo: .seconds(5), wake: wake) == .work)
        #expect(try session.claim().isEmpty)
        try stopped.execute(text: "ROLLBACK")
        #expect(try session.waitForWork(upTo: .seconds(5), wake: wake) == .work)
        #expect(try session.claim().map(\.id) == [bounded])
    }

    /// A session that has claimed one task while no type was bounded. After the claim, the type of the task was
    /// bounded, and nine more tasks of the type were queued.
    private func unaware(_ client: QueueClient) throws -> WorkerSession {
        let session = try bench.session(types: Self.names, concurrency: 9)
        _ = try client.submit([Submission(task: task("before"))])
        #expect(try session.claim().count == 1)
        try client.bound("sha256", to: 3)
        _ = try client.submit((0..<9).map { Submission(task: task("\($0)")) })
        return session
    }

    @Test func `A bound that is set while a worker claims without asking for bounds holds from the next claim on`()
        throws
    {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try unaware(client)
        let other = try #require(try client.submit(task("other", type: "md5")).queuedID)
        // The session does not know of the bound yet. Its claim skips tasks of the bounded type.
        #expect(try session.claim().map(\.id) == [other])
        #expect(try session.claim().count == 2)
    }

    @Test func `If only tasks of a type are left that has just been bounded, a worker soon asks for them`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try unaware(client)
        #expect(try session.claim().isEmpty)
        #expect(try session.waitForWork(upTo: .seconds(5), wake: EventFD()) == .work)
        #expect(try session.claim().count == 2)
    }

    /// Queues a suspect of a bounded type, and many tasks of another type.
    private func suspectAmongOthers(_ client: QueueClient) throws -> TaskID {
        try client.bound("sha256", to: 1)
        let suspect = try #require(try client.submit(task("suspect")).queuedID)
        try bench.database.sql("UPDATE task SET suspect_of = 77 WHERE id = '\(suspect)'")
        _ = try client.submit((0..<40).map { Submission(task: task("\($0)", type: "md5")) })
        return suspect
    }

    private func ends(_ tasks: [ClaimedTask]) -> [TaskCompletion] {
        tasks.map { TaskCompletion(id: $0.id, outcome: .completed(result: [0x31])) }
    }

    @Test(arguments: [true, false])
    func `A suspect of a bounded type that a claim skipped is found under load`(isTaken: Bool) throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session(types: Self.names)
        if !isTaken {
            // If a claim meets no bounded type, the session's next claim does not lock the bounded types.
            _ = try client.submit(task("before", type: "md5"))
            try session.complete(try session.claim())
        }
        let suspect = try suspectAmongOthers(client)
        let other = try PostgresConnection(bench.postgres)
        if isTaken { try other.execute(text: "BEGIN; SELECT FROM task_type WHERE type = 'sha256' FOR UPDATE") }
        var tasks = try session.claim(10)
        #expect(tasks.count == 10 && !session.mayHaveSuspects)
        try other.execute(text: "ROLLBACK")
        tasks = try session.transact(completed: ends(tasks), claim: 10, isAlone: false)
        #expect(tasks.count == 10 && session.mayHaveSuspects)
        #expect(try session.transact(completed: ends(tasks), claim: 10, isAlone: true).map(\.id) == [suspect])
    }

    @Test func `While a bounded type is at its limit, a suspect of it does not keep workers from other tasks`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        try client.bound("sha256", to: 1)
        _ = try client.submit(task("runs"))
        let holder = try bench.session("holder", types: Self.names)
        let running = try holder.claim()
        let suspect = try suspectAmongOthers(client)
        let session = try bench.session(types: Self.names)
        var tasks = try session.claim(10)
        tasks = try session.transact(completed: ends(tasks), claim: 10, isAlone: false)
        #expect(tasks.count == 10 && !session.mayHaveSuspects)
        tasks = try session.transact(completed: ends(tasks), claim: 100, isAlone: false)
        try session.complete(tasks)
        let (start, wake) = (ContinuousClock.now, EventFD())
        var claims = 0
        while case let left = .milliseconds(400) - (.now - start), left > .zero {
            guard try session.waitForWork(upTo: left, wake: wake) == .work else { continue }
            #expect(try session.claim().isEmpty)
            claims += 1
        }
        #expect(claims <= 15)
        try holder.complete(running)
        #expect(try session.waitForWork(upTo: .seconds(5), wake: wake) == .work)
        #expect(try session.claim().map(\.id) == [suspect])
    }

    @Test func `A task that others change while it is claimed is claimed once, and soon`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let count = try client.submit((0..<500).map { Submission(task: task("\($0)")) }).count
        let isOver = Monitor(false)
        let connection = try PostgresConnection(bench.postgres)
        let changes = NamedThread("test-changes") {
            while !isOver.withLock({ $0 }) {
                _ = try? connection.execute(text: "UPDATE task SET awaited = NOT awaited")
            }
        }
        defer {
            isOver.withLock { $0 = true }
            changes.join()
        }
        let sessions = try (0..<2).map { try bench.session("\($0)") }
        var claimed: [TaskID] = []
        try eventually("all are claimed") {
            for session in sessions { claimed += try session.claim(20).map(\.id) }
            return claimed.count >= count
        }
        #expect(Set(claimed).count == count && claimed.count == count)
        #expect(try bench.value("SELECT count(*) FROM task WHERE worker_id IS NOT NULL AND attempts = 1") == "\(count)")
    }

    @Test func `One step of priority counts as one minute of waiting, across types`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let tasks: [(type: String, priority: Int16, minutesAgo: Int)] = [
            ("sha256", 5, 8), ("md5", 0, 1), ("sha256", -3, 1), ("md5", 100, 0), ("sha256", 0, 2),
        ]
        let submissions = tasks.enumerated().map { number, it in
            Submission(task: task("\(number)", type: it.type), priority: it.priority)
        }
        _ = try client.submit(submissions)
        for (submission, it) in zip(submissions, tasks) {
            try bench.database.sql(
                "UPDATE task SET rank = rank - interval '\(it.minutesAgo) minutes' WHERE id = '\(submission.id)'")
        }
        let session = try bench.session(types: Self.names)
        var order: [TaskID] = []
        for _ in submissions { order += try session.claim(1).map(\.id) }
        #expect(order == [2, 0, 4, 1, 3].map { submissions[$0].id })
    }

    @Test(arguments: [true, false])
    func `A task that is retried keeps its priority`(isByHand: Bool) throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let lazy = Submission(task: task("lazy"), priority: 3, maxAttempts: isByHand ? 1 : 2)
        _ = try client.submit([lazy])
        try session.fail(try session.claim())
        if isByHand {
            _ = try client.retry(lazy.id, as: lazy.task)
        } else {
            // Let the backoff end.
            try bench.database.sql(
                "UPDATE task SET run_at = run_at - interval '10 s', rank = rank - interval '10 s'")
        }
        let other = try #require(try client.submit(task("other")).queuedID)
        #expect(try session.claim().map(\.id) == [other, lazy.id])
    }

    @Test func `Tasks that are claimed together are in the order of their urgency`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let priorities: [Int16] = [2, 5, -1, 4, 0, 3, 1]
        let submissions = priorities.map { Submission(task: task("\($0)"), priority: $0) }
        _ = try client.submit(submissions)
        let order = submissions.sorted { $0.priority < $1.priority }.map(\.id)
        #expect(try bench.session().claim().map(\.id) == order)
    }

    @Test func `A task whose run_at is long ago does not overtake tasks that wait already`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let first = try #require(try client.submit(task("first")).queuedID)
        let pushy = Submission(task: task("pushy"), runAt: Timestamp(microseconds: 0))
        _ = try client.submit([pushy])
        #expect(try bench.session().claim().map(\.id) == [first, pushy.id])
    }
}
