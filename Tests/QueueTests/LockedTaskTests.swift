import Postgres
import Queue
import TestSupport
import Testing
import Threading

@Suite struct LockedTasks {
    let bench: Bench

    init() throws { bench = try Bench() }

    @Test func `A locked task delays the look-ups of a node only for a moment`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let ids = try client.submit((0..<2).map { Submission(task: task("\($0)")) }).map(\.id)
        let holder = try bench.locker(ids[0])
        let start = ContinuousClock.now
        #expect(throws: QueueError.locked) { try client.cancel(ids[0]) }
        #expect(try client.record(ids[1])?.status == .queued)
        #expect(ContinuousClock.now - start < .seconds(8))
        try holder.execute(text: "ROLLBACK")
        guard case .cancelled = try client.cancel(ids[0]) else { throw Unexpected(what: "not cancelled") }
    }

    /// Deletes the queued tasks, and inserts them again without a commit.
    private func insertAgain(_ holder: PostgresConnection) throws {
        try holder.execute(text: "CREATE TABLE stored AS SELECT * FROM task; DELETE FROM task")
        try holder.execute(text: "BEGIN; INSERT INTO task SELECT * FROM stored")
    }

    @Test(arguments: [false, true], [false, true])
    func `Of requests that are stored together, only those fail that wait for a locked task`(
        isCommitted: Bool, hasArray: Bool
    ) throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("locked")).queuedID)
        let holder = try bench.locker(id)
        // `holder` acts like a node that was stopped before its commit.
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
        let result = try bench.submitTogether(client, requests)
        // The first attempt takes two seconds, and the bisection a few tenths of a second.
        #expect(ContinuousClock.now - start < .seconds(6))
        for (number, answer) in result.enumerated() {
            if isLocked(number) {
                #expect(answer == .failure(.locked))
            } else {
                #expect(try answer.get().map(\.id) == requests[number].tasks.map(\.id))
            }
        }
        try holder.execute(text: "COMMIT")
        #expect(try bench.value("SELECT count(*), max(sharers) FROM task") == (hasArray ? "39|1" : "38|1"))
        // After the bisection, the lock timeout is the regular one again.
        let again = try bench.locker(id)
        let waiting = Monitor<Result<[SubmissionOutcome], QueueError>?>(nil)
        client.submit([Submission(task: task("locked"))], wait: nil) { result in waiting.broadcast { $0 = result } }
        #expect(waiting.wait(for: .seconds(1)) { $0 } == nil)
        try again.execute(text: "ROLLBACK")
        #expect(try waiting.wait(for: .seconds(20)) { $0 }?.get() == [.queued(id)])
    }

    @Test func `All requests of a batch that do not wait for a locked task are stored soon`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let isLocked = { $0 % 80 == 3 }
        let requests = (0..<1600).map { (tasks: [Submission(task: task("\($0)"))], key: IdempotencyKey?.none) }
        _ = try client.submit((0..<1600).filter(isLocked).map { Submission(task: task("\($0)")) })
        // `holder` acts like a node that was stopped before its commit.
        let holder = try PostgresConnection(bench.postgres)
        try insertAgain(holder)
        let start = ContinuousClock.now
        let result = try bench.submitTogether(client, requests)
        #expect(ContinuousClock.now - start < .seconds(8))
        for (number, answer) in result.enumerated() {
            if isLocked(number) {
                #expect(answer == .failure(.locked))
            } else {
                #expect(answer == .success([.queued(requests[number].tasks[0].id)]))
            }
        }
        try holder.execute(text: "ROLLBACK")
        // The 1,580 tasks that are not locked, and one that `submitTogether` submits first.
        #expect(try bench.value("SELECT count(*) FROM task") == "1581")
    }

    @Test func `An identical submission does not wait for a locked task without limit, and the next ones are accepted`()
        throws
    {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("locked")).queuedID)
        let holder = try bench.locker(id)
        #expect(throws: QueueError.locked) { try client.submit(task("locked")) }
        #expect(try client.submit(task("free")).queuedID != nil)
        try holder.execute(text: "ROLLBACK")
        #expect(try client.submit(task("locked")).queuedID == id)
        #expect(try bench.value("SELECT sharers FROM task WHERE id = '\(id)'") == "2")
    }
}
