import JSON
import Queue
import TestSupport
import Testing

@Suite struct Attempts {
    let bench: Bench

    init() throws { bench = try Bench() }

    /// One line per attempt, such as "1 failed worker-1 no luck".
    private func attempts(_ id: TaskID, _ client: QueueClient) throws -> [String] {
        let text = try #require(try client.attempts(of: id, by: .all))
        return try #require(try JSONValue(parsing: text).arrayValue).map { attempt in
            let members = ["outcome", "worker", "error"].map { attempt[$0]?.stringValue ?? "-" }
            return "\(attempt["attempt"]?.integerValue ?? 0) " + members.joined(separator: " ")
        }
    }

    @Test func `A task's attempts are kept with their workers and errors, and move with it when it is finished`() throws
    {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit([Submission(task: task("flaky"), maxAttempts: 3)])[0].queuedID)
        #expect(try attempts(id, client) == [])
        for number in 1...2 {
            let session = try bench.session("worker-\(number)")
            let claimed = try session.claim()
            #expect(try attempts(id, client).last == "\(number) processing worker-\(number) -")
            try session.fail(claimed, "no luck \(number)")
            #expect(try attempts(id, client).count == number)
            try bench.database.sql("UPDATE task SET run_at = now()")
        }
        let session = try bench.session("worker-3")
        try session.complete(try session.claim())
        #expect(
            try attempts(id, client) == [
                "1 failed worker-1 no luck 1", "2 failed worker-2 no luck 2", "3 completed worker-3 -",
            ])
        #expect(try client.attempts(of: TaskID(), by: .all) == nil)
    }

    @Test func `Each attempt has its start and its end`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("timed")).queuedID)
        let session = try bench.session()
        let claimed = try session.claim()
        let running = try #require(try client.attempts(of: id, by: .all).map { try JSONValue(parsing: $0) }?[0])
        #expect(running["ended_at"]?.isNull == true)
        try session.fail(claimed, isRetryable: false)
        let ended = try #require(try client.attempts(of: id, by: .all).map { try JSONValue(parsing: $0) }?[0])
        let record = try #require(try client.record(id))
        #expect(ended["started_at"]?.stringValue == record.startedAt?.description)
        #expect(ended["ended_at"]?.stringValue == record.completedAt?.description)
        #expect(ended["started_at"] == running["started_at"])
    }

    @Test func `A cancelled task shows the attempt that was running, if there was one`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let running = try #require(try client.submit(task("running")).queuedID)
        _ = try bench.session("worker-1").claim()
        let waiting = try #require(try client.submit(task("waiting")).queuedID)
        for id in [running, waiting] { _ = try client.cancel(id) }
        #expect(try attempts(running, client) == ["1 cancelled worker-1 -"])
        #expect(try attempts(waiting, client) == [])
    }

    @Test func `A lost worker is an attempt in the history, even if it does not count`() throws {
        let client = bench.client()
        let watch = bench.watch()
        defer {
            client.shutdown()
            watch.stop()
        }
        let ids = try client.submit((0..<2).map { Submission(task: task("\($0)")) }).compactMap(\.queuedID)
        let victim = try bench.session("victim")
        _ = try victim.claim()
        try bench.kill(victim)
        try eventually("recovered") { try bench.value("SELECT count(suspect_of) FROM task") == "2" }
        let survivor = try bench.session("survivor")
        try survivor.complete(try survivor.claim())
        #expect(
            try attempts(ids[0], client) == [
                "1 lost victim the worker that held it was lost", "1 completed survivor -",
            ])
        #expect(try client.record(ids[0])?.attempts == 1)
    }
}
