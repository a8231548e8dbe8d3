import Postgres
import Queue
import TestSupport
import Testing
import Threading

@Suite struct SharedTasks {
    let bench: Bench

    init() throws { bench = try Bench() }

    private func others(_ cancellation: Cancellation) -> Int? {
        if case .shared(let record, let others) = cancellation, !record.status.isFinished { others } else { nil }
    }

    @Test func `A shared task is cancelled when all who share it have cancelled, and each is told how many are left`()
        throws
    {
        let (one, other) = (bench.client(), bench.client())
        defer { for client in [one, other] { client.shutdown() } }
        let id = try #require(try one.submit(task("shared")).queuedID)
        // Two of one batch, and one by itself.
        _ = try other.submit([task("shared"), task("shared")].map { Submission(task: $0) })
        _ = try one.submit(task("shared"))
        #expect(try bench.value("SELECT sharers FROM task") == "4")
        #expect(others(try one.cancel(id)) == 3)
        let session = try bench.session()
        let claimed = try session.claim()
        #expect(others(try other.cancel(id)) == 2)
        #expect(others(try one.cancel(id)) == 1)
        guard case .cancelled(let record) = try one.cancel(id) else { throw Unexpected(what: "not cancelled") }
        #expect(record.status == .cancelled)
        try session.complete(claimed)
        #expect(try one.record(id)?.status == .cancelled)
    }

    @Test func `Of many who cancel the last ones are remembered, and all are counted`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try client.submit((0..<100).map { _ in Submission(task: task("shared")) })[0].id
        for left in (1..<100).reversed() {
            let canceller = TaskID()
            #expect(others(try client.cancel(id, by: canceller)) == left)
            #expect(others(try client.cancel(id, by: canceller)) == left)
        }
        #expect(try bench.value("SELECT cardinality(cancels), sharers FROM task") == "64|65")
        guard case .cancelled = try client.cancel(id) else { throw Unexpected(what: "not cancelled") }
    }

    @Test func `As long as somebody wants it, it is computed for all`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("shared")).queuedID)
        _ = try client.submit(task("shared"))
        _ = try client.cancel(id)
        let session = try bench.session()
        try session.complete(try session.claim())
        #expect(try client.record(id)?.status == .completed)
    }

    @Test func `A cancellation that is sent twice counts once`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("shared")).queuedID)
        _ = try client.submit(task("shared"))
        let canceller = TaskID()
        #expect(others(try client.cancel(id, by: canceller)) == 1)
        #expect(others(try client.cancel(id, by: canceller)) == 1)
        guard case .cancelled = try client.cancel(id) else { throw Unexpected(what: "not cancelled") }
    }

    @Test func `A request that comes to another node again shares nothing with itself`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        var submission = Submission(task: task("same"))
        submission.mayComeAgain = true
        _ = try client.submit([submission])
        #expect(try client.submit([submission]) == [.repeated(submission.id)])
        guard case .cancelled = try client.cancel(submission.id) else { throw Unexpected(what: "not cancelled") }
    }

    @Test func `Whoever joins while others cancel and workers finish has a task that is his own as well`() throws {
        let clients = (0..<3).map { _ in bench.client() }
        defer { for client in clients { client.shutdown() } }
        let isOver = Monitor(false)
        let worker = NamedThread("test-worker") {
            guard let session = try? bench.session(cacheTTL: .zero) else { return }
            while !isOver.withLock({ $0 }) {
                guard let claimed = try? session.claim(3) else { return }
                try? session.complete(claimed)
            }
        }
        let wrong = Monitor<[String]>([])
        let threads = clients.enumerated().map { number, client in
            NamedThread("test-node") {
                for round in 0..<150 {
                    guard let id = try? client.submit(task("\(round % 4)")).queuedID else {
                        wrong.withLock { $0.append("not accepted") }
                        continue
                    }
                    // The first always cancels, the others never: what they submitted is completed.
                    if number == 0 {
                        _ = try? client.cancel(id)
                    } else if let record = try? client.record(id, wait: .seconds(10)), record.status != .completed {
                        wrong.withLock { $0.append("\(record.status)") }
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        isOver.withLock { $0 = true }
        worker.join()
        #expect(wrong.withLock { $0 } == [])
    }
}

@Suite struct LockedTasks {
    let bench: Bench

    init() throws { bench = try Bench() }

    /// A session that holds a task's row locked, as the server does for a worker that is stopped in the middle of a claim.
    private func locker(_ id: TaskID) throws -> PostgresConnection {
        let holder = try PostgresConnection(bench.postgres)
        try holder.execute(text: "BEGIN; SELECT FROM task WHERE id = '\(id)' FOR UPDATE")
        return holder
    }

    @Test func `A task that somebody holds locked keeps a node from looking up others for a moment only`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let ids = try client.submit((0..<2).map { Submission(task: task("\($0)")) }).map(\.id)
        let holder = try locker(ids[0])
        let start = ContinuousClock.now
        #expect(throws: QueueError.locked) { try client.cancel(ids[0]) }
        #expect(try client.record(ids[1])?.status == .queued)
        #expect(ContinuousClock.now - start < .seconds(8))
        try holder.execute(text: "ROLLBACK")
        guard case .cancelled = try client.cancel(ids[0]) else { throw Unexpected(what: "not cancelled") }
    }

    /// Stores what is queued once more, and does not commit that.
    private func insertAgain(_ holder: PostgresConnection) throws {
        try holder.execute(text: "CREATE TABLE stored AS SELECT * FROM task; DELETE FROM task")
        try holder.execute(text: "BEGIN; INSERT INTO task SELECT * FROM stored")
    }

    /// Hands requests in that are stored as one batch: the thread is kept busy while they come.
    private func submitTogether(
        _ client: QueueClient, _ requests: [(tasks: [Submission], key: IdempotencyKey?)]
    ) throws -> [Result<[SubmissionOutcome], QueueError>] {
        let holder = try PostgresConnection(bench.postgres)
        try holder.execute(text: "BEGIN; LOCK TABLE cache_statistics IN SHARE MODE")
        client.submit([Submission(task: task("first"))], wait: nil) { _ in }
        try eventually("it waits") {
            try bench.value(
                "SELECT count(*) FROM pg_locks WHERE relation = 'cache_statistics'::regclass AND NOT granted") == "1"
        }
        let answers = Monitor<[Int: Result<[SubmissionOutcome], QueueError>]>([:])
        for (number, request) in requests.enumerated() {
            client.submit(request.tasks, wait: nil, key: request.key) { told in
                answers.broadcast { $0[number] = told }
            }
        }
        try holder.execute(text: "ROLLBACK")
        let told = try #require(answers.wait(for: .seconds(20)) { $0.count == requests.count ? $0 : nil })
        return requests.indices.map { told[$0]! }
    }

    @Test(arguments: [false, true], [false, true])
    func `Of those that are stored together only the ones fail that wait for a locked task`(
        isCommitted: Bool, hasArray: Bool
    ) throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("locked")).queuedID)
        let holder = try locker(id)
        // Or of a node that is stopped before its commit.
        if !isCommitted {
            try holder.execute(text: "COMMIT")
            try insertAgain(holder)
        }
        let isLocked = { $0 % 10 == 3 }
        var requests = (0..<40).map {
            (tasks: [Submission(task: task(isLocked($0) ? "locked" : "\($0)"))], key: IdempotencyKey?.none)
        }
        if hasArray {
            requests[7].tasks.append(Submission(task: task("another")))
            requests[8].key = IdempotencyKey(key: [1], payload: [2])
        }
        let start = ContinuousClock.now
        let told = try submitTogether(client, requests)
        // The two seconds of the first attempt, and a few tenths.
        #expect(ContinuousClock.now - start < .seconds(6))
        for (number, answer) in told.enumerated() {
            if isLocked(number) {
                #expect(answer == .failure(.locked))
            } else {
                #expect(try answer.get().map(\.id) == requests[number].tasks.map(\.id))
            }
        }
        try holder.execute(text: "COMMIT")
        #expect(try bench.value("SELECT count(*), max(sharers) FROM task") == (hasArray ? "39|1" : "38|1"))
        // It has the patience again that it had.
        let again = try locker(id)
        let waiting = Monitor<Result<[SubmissionOutcome], QueueError>?>(nil)
        client.submit([Submission(task: task("locked"))], wait: nil) { told in waiting.broadcast { $0 = told } }
        #expect(waiting.wait(for: .seconds(1)) { $0 } == nil)
        try again.execute(text: "ROLLBACK")
        #expect(try waiting.wait(for: .seconds(20)) { $0 }?.get() == [.queued(id)])
    }

    @Test func `A request that comes to the same node again, and shares a task with others, counts once`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        var submission = Submission(task: task("same"))
        submission.mayComeAgain = true
        let shared = Submission(task: task("same"))
        let told = try submitTogether(client, [shared, submission, submission].map { ([$0], nil) })
        for answer in told { #expect(try answer.get() == [.queued(shared.id)]) }
        #expect(try bench.value("SELECT sharers FROM task WHERE id = '\(shared.id)'") == "2")
    }

    @Test func `However many of a batch wait for a locked task, all others are stored, and soon`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let isLocked = { $0 % 80 == 3 }
        let requests = (0..<1600).map { (tasks: [Submission(task: task("\($0)"))], key: IdempotencyKey?.none) }
        _ = try client.submit((0..<1600).filter(isLocked).map { Submission(task: task("\($0)")) })
        // Of a node that is stopped before its commit.
        let holder = try PostgresConnection(bench.postgres)
        try insertAgain(holder)
        let start = ContinuousClock.now
        let told = try submitTogether(client, requests)
        #expect(ContinuousClock.now - start < .seconds(8))
        for (number, answer) in told.enumerated() {
            if isLocked(number) {
                #expect(answer == .failure(.locked))
            } else {
                #expect(answer == .success([.queued(requests[number].tasks[0].id)]))
            }
        }
        try holder.execute(text: "ROLLBACK")
        // With the one that made the thread wait.
        #expect(try bench.value("SELECT count(*) FROM task") == "1581")
    }

    @Test func `An identical submission does not wait for a locked task for ever, and the next ones are accepted`()
        throws
    {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("locked")).queuedID)
        let holder = try locker(id)
        #expect(throws: QueueError.locked) { try client.submit(task("locked")) }
        #expect(try client.submit(task("free")).queuedID != nil)
        try holder.execute(text: "ROLLBACK")
        #expect(try client.submit(task("locked")).queuedID == id)
        #expect(try bench.value("SELECT sharers FROM task WHERE id = '\(id)'") == "2")
    }
}
