import Postgres
import TestSupport
import Testing
import Threading

@testable import Queue

@Suite struct IdempotentSubmissions {
    let bench: Bench

    init() throws { bench = try Bench() }

    private func key(_ key: String, _ payload: String = "payload") -> IdempotencyKey {
        IdempotencyKey(key: Array(key.utf8), payload: Array(payload.utf8))
    }

    /// Tasks that are not cacheable, so that each submission is a new task.
    private func submissions(_ count: Int = 1) -> [Submission] {
        (0..<count).map { Submission(task: task("\($0)", isCacheable: false)) }
    }

    @Test func `The same key gets the same tasks on any node, before and after they are finished`() throws {
        let (one, other) = (bench.client(), bench.client())
        defer { for client in [one, other] { client.shutdown() } }
        let first = try one.submit(submissions(3), key: key("a")).map(\.id)
        #expect(try other.submit(submissions(3), key: key("a")) == first.map { .repeated($0) })
        let session = try bench.session()
        try session.complete(try session.claim())
        #expect(try one.submit(submissions(3), key: key("a")).map(\.id) == first)
        #expect(try one.submit(submissions(3), key: key("b")).map(\.id) != first)
        #expect(try bench.value("SELECT count(*) FROM task") == "3")
        #expect(try bench.value("SELECT count(*) FROM finished_task") == "3")
        #expect(try bench.value("SELECT count(*) FROM idempotency_key k WHERE k::text LIKE '%payload%'") == "0")
    }

    @Test func `A key that was used for another request is refused, and nothing is stored`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit(submissions(), key: key("a", "one"))
        #expect(throws: QueueError.keyOfAnotherRequest) { try client.submit(submissions(), key: key("a", "other")) }
        #expect(try bench.value("SELECT count(*) FROM task") == "1")
    }

    @Test func `A request with another's key does not disturb a repetition that arrives at the same moment`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let first = try client.submit(submissions(), key: key("a")).map(\.id)
        for _ in 0..<20 {
            let answers = try inParallel(8) { number in
                number % 2 == 0
                    ? Result { try client.submit(submissions(), key: key("a", "another")) }
                    : Result { try client.submit(submissions(), key: key("a")) }
            }
            for number in stride(from: 1, to: 8, by: 2) { #expect(try answers[number].get().map(\.id) == first) }
        }
    }

    @Test
    func
        `While the first request with a key is being stored, the second is refused as under way, or gets the first one's tasks`()
        throws
    {
        let (one, other) = (bench.client(), bench.client())
        defer { for client in [one, other] { client.shutdown() } }
        _ = try other.submit(submissions(), key: key("warm up"))
        try bench.database.sql(
            """
            CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.7); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON task DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION hold()
            """)
        let answers = Monitor<[[SubmissionOutcome]]>([])
        for _ in 0..<2 {
            one.submit(submissions(), wait: nil, key: key("a")) { result in
                let outcomes = (try? result.get()) ?? []
                answers.broadcast { $0.append(outcomes) }
            }
        }
        try eventually("it is being stored") {
            try bench.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "0"
        }
        #expect(throws: QueueError.keyUnderWay) { try other.submit(submissions(), key: key("a")) }
        let both = try #require(answers.wait(for: .seconds(20)) { $0.count == 2 ? $0 : nil })
        #expect(both[0].map(\.id) == both[1].map(\.id) && both[0].count == 1)
        #expect(try other.submit(submissions(), key: key("a")).map(\.id) == both[0].map(\.id))
        #expect(try bench.value("SELECT count(*) FROM task") == "2")
    }

    @Test func `An answer from the cache is repeated unchanged, even after the cache was cleared`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        _ = try client.submit(task("known"))
        try session.complete(try session.claim())
        let one = try client.submit([Submission(task: task("known"))], key: key("one"))
        guard case .cached = one.first else { throw Unexpected(what: "not cached") }
        let mixed = [Submission(task: task("known")), Submission(task: task("new"))]
        let first = try client.submit(mixed, key: key("mixed"))
        _ = try client.clearCache()
        #expect(try client.submit([Submission(task: task("known"))], key: key("one")) == one)
        let again = try client.submit(mixed, key: key("mixed"))
        #expect(again.map(\.id) == first.map(\.id))
        guard case .cached = again.first, case .repeated = again.last else { throw Unexpected(what: "\(again)") }
    }

    @Test func `A client that sends a key again may wait for the result`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        _ = try client.submit(submissions(), key: key("a"))
        try session.complete(try session.claim())
        let outcome = try client.submit(submissions(), wait: .seconds(10), key: key("a")).first
        guard case .finished(let record) = outcome else { throw Unexpected(what: "not finished") }
        #expect(record.status == .completed)
    }

    @Test func `A key is removed after its time, and a full queue stores none`() throws {
        let client = bench.client(queueLimit: 2, idempotencyTTL: .milliseconds(100))
        let watch = bench.watch()
        defer {
            client.shutdown()
            watch.stop()
        }
        let first = try client.submit(submissions(), key: key("a")).map(\.id)
        try eventually("removed") { try bench.value("SELECT count(*) FROM idempotency_key") == "0" }
        #expect(try client.submit(submissions(), key: key("a")).map(\.id) != first)
        #expect(throws: QueueError.queueFull) { try client.submit(submissions(), key: key("b")) }
        #expect(throws: QueueError.queueFull) { try client.submit(submissions(), key: key("b")) }
        #expect(try bench.value("SELECT count(*) FROM task") == "2")
    }

    @Test func `A key of several requests of a batch belongs to the first one, and to those that are the same`() {
        var keyed = KeyedRequests()
        for (number, payload) in ["one", "other", "one"].enumerated() {
            keyed.add(key("a", payload), request: number, secret: [1])
        }
        let verdicts = (0..<3).map { keyed.verdict(ofRequest: $0) }
        #expect(verdicts == [.new, .refused(.keyOfAnotherRequest), .sameAs(0)])
    }

    @Test func `A key that has expired is new, even if it is not removed yet`() throws {
        let client = bench.client(idempotencyTTL: .milliseconds(50))
        defer { client.shutdown() }
        let first = try client.submit(submissions(), key: key("a", "one")).map(\.id)
        try eventually("over") {
            try bench.value("SELECT count(*) FROM idempotency_key WHERE expires_at > now()") == "0"
        }
        #expect(try client.submit(submissions(), key: key("a", "other")).map(\.id) != first)
        #expect(try bench.value("SELECT count(*) FROM idempotency_key") == "1")
        #expect(try bench.value("SELECT count(*) FROM task") == "2")
    }

    @Test func `If many nodes get the same keys at the same time, one node stores each of them`() throws {
        let clients = (0..<3).map { _ in bench.client() }
        defer { for client in clients { client.shutdown() } }
        let ids = Monitor<[Int: Set<TaskID>]>([:])
        let threads = clients.map { client in
            NamedThread("test-node") {
                for round in (0..<60).shuffled() {
                    while true {
                        guard let outcomes = try? client.submit(submissions(2), key: key("\(round)")) else { continue }
                        ids.withLock { $0[round, default: []].formUnion(outcomes.map(\.id)) }
                        break
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(ids.withLock { $0.values.allSatisfy { $0.count == 2 } })
        #expect(try bench.value("SELECT count(*) FROM task") == "120")
    }
}
