import Postgres
import TestSupport
import Testing

@testable import Queue

/// A stray is a task that is both queued and finished. A node of an earlier version makes a stray if it gets a resent
/// request at the moment when the request's task finishes (see `refuse_finished` in migration v010).
@Suite struct Strays {
    let bench: Bench

    init() throws { bench = try Bench() }

    /// Inserts a finished task into the queue again.
    private func queueAgain(_ id: TaskID) throws {
        try bench.database.sql(
            """
            INSERT INTO task (id, type, priority, max_attempts, awaited, run_at, created_at, input)
            VALUES ('\(id)', 'sha256', 0, 5, false, '-infinity', now(), '{}')
            """)
    }

    private func finished(_ client: QueueClient, _ session: WorkerSession) throws -> TaskID {
        let id = try #require(try client.submit(task("first")).queuedID)
        try session.complete(try session.claim(), result: #"{"hash":"first"}"#)
        try queueAgain(id)
        return id
    }

    @Test(arguments: [true, false])
    func `A worker that finishes a stray keeps its session, the first result stays, and all other tasks are stored`(
        isCompleted: Bool
    ) throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let stray = try finished(client, session)
        let others = try client.submit((0..<20).map { Submission(task: task("\($0)"), maxAttempts: 1) }).map(\.id)
        let claimed = try session.claim(10)
        #expect(claimed.contains { $0.id == stray })
        let ends = claimed.map {
            TaskCompletion(
                id: $0.id,
                outcome: isCompleted || $0.id != stray
                    ? .completed(result: Array(#"{"hash":"second"}"#.utf8))
                    : .failed(message: "no luck", isRetryable: false))
        }
        // When the first transaction fails with a duplicate key (the stray), the second transaction is already sent.
        let numbers = [
            try session.begin(completed: ends, claim: 5), try session.begin(completed: [], claim: 100),
        ]
        let results = [try session.finish(), try session.finish()]
        #expect(Set(results.map(\.number)) == Set(numbers))
        try session.complete(results.flatMap(\.tasks))
        #expect(session.isRegistered)
        #expect(try client.record(stray)?.result == Array(#"{"hash":"first"}"#.utf8))
        for id in others { #expect(try client.record(id)?.status == .completed) }
        #expect(try bench.value("SELECT count(*) FROM task") == "0")
        #expect(try bench.value("SELECT count(*) FROM finished_task") == "21")
    }

    @Test func `A stray of a dead worker does not block the recovery of other workers`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let stray = try finished(client, try bench.session("first"))
        try bench.database.sql("UPDATE task SET max_attempts = 1")
        let victims = [try bench.session("a"), try bench.session("b")]
        #expect(try victims[0].claim().map(\.id) == [stray])
        _ = try client.submit(task("other"))
        #expect(try victims[1].claim().count == 1)
        for victim in victims { try bench.kill(victim) }
        let watch = bench.watch()
        defer { watch.stop() }
        try eventually("recovered") { try bench.value("SELECT count(*) FROM worker") == "0" }
        #expect(try bench.value("SELECT count(*), count(worker_id) FROM task") == "1|0")
        #expect(try client.record(stray)?.status == .completed)
    }

    @Test func `Those who wait for a stray are notified when it is removed`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let stray = try finished(client, session)
        let claimed = try session.claim()
        try bench.database.sql("UPDATE task SET awaited = true")
        let listener = try PostgresConnection(bench.postgres)
        try listener.execute(text: "LISTEN millrace_done")
        try session.complete(claimed)
        try eventually("notified") { try listener.takeNotifications().contains { $0.payload == "\(stray)" } }
    }

    @Test func `A request that cancels a stray is answered that it is finished`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let stray = try finished(client, try bench.session())
        guard case .alreadyFinished(let record) = try client.cancel(stray) else {
            throw Unexpected(what: "not finished")
        }
        #expect(record.status == .completed)
        #expect(try bench.value("SELECT count(*) FROM task") == "0")
    }
}
