import Postgres
import Queue
import TestSupport
import Testing
import Threading

/// Tests worker transactions that begin while others are underway.
@Suite struct Overlap {
    let bench: Bench

    init() throws { bench = try Bench() }

    private func completions(_ tasks: [ClaimedTask]) -> [TaskCompletion] {
        tasks.map { TaskCompletion(id: $0.id, outcome: .completed(result: Array("\"\($0.id)\"".utf8))) }
    }

    private var finished: String {
        get throws {
            try bench.value(
                "SELECT count(*), count(*) FILTER (WHERE result #>> '{}' = id::text) FROM finished_task")
        }
    }

    @Test func `Transactions that overlap end in their order, and each task is claimed and stored once`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let ids = try client.submit((0..<100).map { Submission(task: task("\($0)")) }).map(\.id)
        let session = try bench.session()
        let first = try session.begin(completed: [], claim: 40)
        let second = try session.begin(completed: [], claim: 40)
        #expect(first != second)
        var claims = [try session.finish()]
        #expect(claims[0].number == first)
        #expect(claims[0].asked == 40)
        _ = try session.begin(completed: completions(claims[0].tasks), claim: 40)
        claims += [try session.finish(), try session.finish()]
        #expect(claims[1].number == second)
        #expect(claims.map(\.tasks.count) == [40, 40, 20])
        #expect(claims.flatMap(\.tasks).map(\.id) == ids)
        #expect(try finished == "40|40")
        _ = try session.begin(completed: completions(claims[1].tasks), claim: 0)
        _ = try session.begin(completed: completions(claims[2].tasks), claim: 5)
        _ = try session.finish()
        #expect(try session.finish().tasks.isEmpty)
        #expect(try finished == "100|100")
        // When no transaction is underway, the session can run other statements again.
        try session.giveBack([])
        session.signOff()
        #expect(try bench.value("SELECT count(*) FROM worker") == "0")
    }

    @Test func `Those who wait are notified of each task, also when transactions overlap`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let waiters = try (0..<2).map { number in
            let box = Monitor<TaskStatus?>(nil)
            let id = try #require(try client.submit(task("\(number)")).queuedID)
            client.task(id, by: .all, wait: .seconds(20)) { answer in
                box.broadcast { $0 = (try? answer.get())?.status }
            }
            return box
        }
        try eventually("both wait") { try bench.value("SELECT count(*) FROM task WHERE awaited") == "2" }
        let tasks = try session.claim()
        for task in tasks { _ = try session.begin(completed: completions([task]), claim: 0) }
        #expect(try session.finish().isUrgent)
        #expect(try session.finish().isUrgent)
        for box in waiters { #expect(box.wait(for: .seconds(5)) { $0 } == .completed) }
    }

    @Test func `A transaction is urgent if a client waits for its results, or a type of its tasks is bounded`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit((0..<3).map { Submission(task: task("\($0)", isCacheable: false), priority: -1) })
        let session = try bench.session()
        let tasks = try session.claim()
        func isUrgent(_ tasks: [ClaimedTask], claim: Int = 0) throws -> Bool {
            _ = try session.begin(completed: completions(tasks), claim: claim)
            return try session.finish().isUrgent
        }
        #expect(try !isUrgent([tasks[0]]))
        client.task(tasks[1].id, by: .all, wait: .seconds(20)) { _ in }
        try eventually("awaited") { try bench.value("SELECT count(*) FROM task WHERE awaited") == "1" }
        #expect(try isUrgent([tasks[1]]))
        #expect(try !isUrgent([tasks[2]]))
        try client.bound("sha256", to: 2)
        _ = try client.submit((0..<3).map { Submission(task: task("bounded \($0)")) })
        // This claim finds nothing, so the session asks for bounds, and learns of the bound of sha256.
        #expect(try session.claim().isEmpty)
        let bounded = try session.claim()
        try #require(bounded.count == 2)
        #expect(try isUrgent([bounded[0]]))
        try client.bound("sha256", to: nil)
        #expect(try !isUrgent([bounded[1]], claim: 1))
    }

    @Test func `A suspect is claimed alone, also while other transactions are underway`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit((0..<3).map { Submission(task: task("\($0)")) })
        try bench.database.sql(
            "UPDATE task SET suspect_of = 77 WHERE id = (SELECT id FROM task ORDER BY id DESC LIMIT 1)")
        let session = try bench.session()
        _ = try session.begin(completed: [], claim: 1, isAlone: false)
        _ = try session.begin(completed: [], claim: 2, isAlone: true)
        #expect(try session.finish().tasks.map(\.isSuspect) == [false])
        #expect(try session.finish().tasks.map(\.isSuspect) == [false])
    }

    @Test func `A transaction that the server rolls back is run again after those that were underway`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit((0..<3).map { Submission(task: task("\($0)")) })
        let session = try bench.session()
        let tasks = try session.claim(2)
        let ids = tasks.map(\.id).sorted()
        // `other` has locked the second row. The worker's transaction locks the first row, and waits for the second.
        // Then `other` requests the first row. The server rolls back the transaction that detects the deadlock. This is
        // the worker's transaction, because `other` checks for deadlocks only after a minute.
        let other = try PostgresConnection(
            PostgresConfiguration(connectionString: bench.database.superuserConnectionString))
        try other.execute(
            text: "SET deadlock_timeout = '1min'; BEGIN; SELECT FROM task WHERE id = '\(ids[1])' FOR UPDATE")
        let number = try session.begin(completed: completions(tasks), claim: 0)
        let next = try session.begin(completed: [], claim: 5)
        try eventually("the transaction waits") {
            try bench.value("SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted") == "1"
        }
        let connection = Monitor(other)
        let thread = NamedThread("test-other") {
            connection.withLock { connection in
                do throws(PostgresError) {
                    try connection.execute(text: "SELECT FROM task WHERE id = '\(ids[0])' FOR UPDATE; COMMIT")
                } catch { Issue.record("\(error)") }
            }
        }
        let ends = [try session.finish(), try session.finish()]
        thread.join()
        #expect(ends.map(\.number) == [next, number])
        #expect(ends.map(\.tasks.count) == [1, 0])
        #expect(try finished == "2|2")
    }

    @Test func `Transactions that were underway in a lost session store nothing, and their tasks are done again`()
        throws
    {
        let client = bench.client()
        let watch = bench.watch()
        defer {
            client.shutdown()
            watch.stop()
        }
        _ = try client.submit((0..<300).map { Submission(task: task("\($0)")) })
        let session = try bench.session()
        let claimed = try session.claim(100)
        // The first transaction waits for a row lock, and the second transaction waits for the first one.
        let other = try PostgresConnection(bench.postgres)
        try other.execute(text: "BEGIN; SELECT FROM task WHERE id = '\(claimed[7].id)' FOR UPDATE")
        _ = try session.begin(completed: completions(claimed), claim: 100)
        _ = try session.begin(completed: [], claim: 100)
        try bench.kill(session)
        #expect(throws: QueueError.sessionLost) { try session.finish() }
        #expect(!session.isRegistered)
        try other.execute(text: "COMMIT")
        #expect(try finished == "0|0")
        try session.register()
        var done = 0
        try eventually("all finished") {
            let tasks = try session.transact(completed: [], claim: 100, isAlone: true)
            _ = try session.transact(completed: completions(tasks), claim: 0)
            done += tasks.count
            return try bench.value("SELECT count(*) FROM task") == "0"
        }
        #expect(try finished == "300|300")
        #expect(done == 300)
    }
}
