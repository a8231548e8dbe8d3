import Postgres
import TestSupport
import Testing
import Threading

@testable import Queue

@Suite struct RepeatedRequests {
    private static let random = "0123456789abcdef0123456789abcdef"

    private func name(_ random: String = Self.random, at time: Timestamp = .now) throws -> RequestKey {
        let milliseconds = time.microseconds / 1000
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        return try #require(RequestKey("\(milliseconds / 1000).\(fraction)-\(random)"))
    }

    private func submissions(_ name: RequestKey, _ tasks: [String], isCacheable: Bool = false) -> [Submission] {
        tasks.enumerated().map { number, text in
            var submission = Submission(id: name.taskID(number), task: task(text, isCacheable: isCacheable))
            submission.mayBeResent = true
            return submission
        }
    }

    @Test func `A request key gives the same ids on every node: UUIDs of version 7, of its time, in order`() throws {
        let now = Timestamp.now
        let (one, same, other) = (try name(at: now), try name(at: now), try name("f" + Self.random, at: now))
        var last = one.taskID(0)
        #expect(last.createdAt?.microseconds == now.microseconds / 1000 * 1000)
        #expect(last.description.split(separator: "-")[2].first == "7")
        for number in 1..<10_000 {
            let id = one.taskID(number)
            #expect(id > last && id == same.taskID(number) && id != other.taskID(number))
            last = id
        }
    }

    @Test func `The ids of an array are those that the tasks have one by one`() throws {
        let name = try name()
        for count in [0, 1, 2, 5, 6, 1000] { #expect(name.taskIDs(count) == (0..<count).map(name.taskID)) }
    }

    /// Checks that the random bits of an id are not SplitMix64 of a seed and the task's number. If they were, an id
    /// would give only four candidates for the id of its neighbour: SplitMix64 can be inverted, and only two bits of
    /// its value are not in the id.
    @Test func `An id does not tell its neighbours`() throws {
        let ids = try name().taskIDs(10_000)
        #expect(Set(ids.map { $0.low << 2 }).count == ids.count)
        for (id, next) in zip(ids, ids.dropFirst()) {
            for top in 0..<UInt64(4) {
                let seed = Self.unmixed(id.low & 0x3FFF_FFFF_FFFF_FFFF | top << 62)
                for step in [0x9E37_79B9_7F4A_7C15 as UInt64, 1, 0] {
                    #expect(Self.mixed(seed &+ step) << 2 != next.low << 2)
                }
            }
        }
        // Each bit differs in about half of all pairs of neighbours.
        for bit in 0..<62 {
            let differing = zip(ids, ids.dropFirst()).count { ($0.low ^ $1.low) >> UInt64(bit) & 1 == 1 }
            #expect((4600...5400).contains(differing), "bit \(bit)")
        }
    }

    /// The finalizer of SplitMix64.
    private static func mixed(_ value: UInt64) -> UInt64 {
        let first = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        let second = (first ^ first >> 27) &* 0x94D0_49BB_1331_11EB
        return second ^ second >> 31
    }

    private static func unmixed(_ value: UInt64) -> UInt64 {
        let second = (value ^ value >> 31 ^ value >> 62) &* 0x3196_42B2_D24D_8EC3
        let first = (second ^ second >> 27 ^ second >> 54) &* 0x96DE_1B17_3F11_9089
        return first ^ first >> 30 ^ first >> 60
    }

    @Test(arguments: [
        "", "-", RepeatedRequests.random, "1763968000.123-", "1763968000-\(RepeatedRequests.random)",
        "1763968000.1234-\(RepeatedRequests.random)",
        "1763968000.123-\(RepeatedRequests.random)", "99999999999.000-\(RepeatedRequests.random)",
        "-1.123-\(RepeatedRequests.random)", "now.123-\(RepeatedRequests.random)",
    ])
    func `A text of another form, or with another time than now, is no request key`(text: String) {
        #expect(RequestKey(text) == nil)
    }

    @Test func `A request that is resent to another node makes no second task, in any state of the first one`() throws {
        let bench = try Bench()
        let (one, other) = (bench.client(), bench.client())
        defer { for client in [one, other] { client.shutdown() } }
        let session = try bench.session()
        let request = try name()
        let ids = [request.taskID(0), request.taskID(1)]
        let sent = submissions(request, ["a", "b"])
        #expect(try one.submit(sent) == ids.map { .queued($0) })
        #expect(try other.submit(sent) == ids.map { .repeated($0) })
        try session.complete(try session.claim(1))
        #expect(try other.submit(sent) == ids.map { .repeated($0) })
        try session.complete(try session.claim())
        #expect(try other.submit(sent) == ids.map { .repeated($0) })
        #expect(try bench.value("SELECT count(*) FROM finished_task") == "2")
        #expect(try bench.value("SELECT count(*) FROM task") == "0")
    }

    @Test(arguments: [1, 2], [false, true])
    func `A task that finishes while its request is resent is not stored twice`(_ count: Int, _ isCacheable: Bool)
        throws
    {
        let bench = try Bench()
        let client = bench.client()
        defer { client.shutdown() }
        let sent = submissions(try name(), (0..<count).map { "\($0)" }, isCacheable: isCacheable)
        // `other` acts as another node that got the same request first. Its insertion is not committed, so the search
        // of `client` does not find the task. `client` inserts the task, too, and waits for the transaction of `other`.
        // That transaction stores the task as finished.
        let other = try PostgresConnection(bench.postgres)
        try other.execute(
            text: """
                BEGIN;
                INSERT INTO task (id, type, priority, max_attempts, awaited, run_at, created_at, input)
                VALUES ('\(sent[0].id)', 'sha256', 0, 5, false, now(), now(), '')
                """)
        let submission = try bench.submitHeldUp(client, sent)
        try other.execute(
            text: """
                WITH removed AS (DELETE FROM task WHERE id = '\(sent[0].id)' RETURNING *)
                INSERT INTO finished_task (id, type, outcome, attempts, created_at, completed_at, result)
                SELECT id, type, 'completed', 1, created_at, now(), '{}' FROM removed;
                COMMIT
                """)
        let outcomes = try submission.outcomes()
        #expect(outcomes == [.repeated(sent[0].id)] + sent.dropFirst().map { .queued($0.id) })
        #expect(try bench.value("SELECT count(*) FROM task") == "\(count - 1)")
        #expect(try bench.value("SELECT count(*) FROM finished_task") == "1")
    }

    @Test func `Tasks without a cache key are inserted in the order of their ids`()
        throws
    {
        let bench = try Bench()
        let client = bench.client()
        defer { client.shutdown() }
        let requests = [submissions(try name(), ["a"]), submissions(try name("f" + Self.random), ["b"])]
        let ids = requests.map { $0[0].id }.sorted()
        // `other` acts as another node with the same requests. It has inserted the task with the lower id.
        let other = try PostgresConnection(bench.postgres, settings: ["lock_timeout = 100"])
        func insert(_ id: TaskID) throws {
            try other.execute(
                text: """
                    INSERT INTO task (id, type, priority, max_attempts, awaited, run_at, created_at, input)
                    VALUES ('\(id)', 'sha256', 0, 5, false, now(), now(), '')
                    """)
        }
        try other.execute(text: "BEGIN")
        try insert(ids[0])
        let submission = try bench.submitHeldUp(client, requests.flatMap { $0 }.sorted { $0.id > $1.id })
        try insert(ids[1])
        try other.execute(text: "COMMIT")
        let outcomes = try submission.outcomes()
        #expect(outcomes == ids.reversed().map { .repeated($0) })
    }

    @Test func `A resent request that waits is answered with the first request's result`() throws {
        let bench = try Bench()
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let sent = submissions(try name(), ["a"], isCacheable: false)
        _ = try client.submit(sent)
        try session.complete(try session.claim())
        guard case .finished(let record) = try client.submit(sent, wait: .seconds(10))[0] else {
            throw Unexpected(what: "not finished")
        }
        #expect(record.id == sent[0].id)
        // A resent request finds its own unfinished task by the task id. It does not join the task, as another request
        // would.
        let cacheable = submissions(try name("another one, also random"), ["b"], isCacheable: true)
        _ = try client.submit(cacheable)
        #expect(try client.submit(cacheable) == [.repeated(cacheable[0].id)])
    }

    @Test func `Nodes that get the same requests at the same time store each task once`() throws {
        let bench = try Bench()
        let clients = (0..<3).map { _ in bench.client() }
        defer { for client in clients { client.shutdown() } }
        let names = try (0..<50).map { try name("\(Self.random)\($0)") }
        let failures = Monitor(0)
        let threads = clients.map { client in
            NamedThread("test-node") {
                for name in names.shuffled() {
                    let sent = submissions(name, ["a", "b"])
                    // Send the request to this node twice at the same time, as a balancer with only one node may do.
                    let answers = Monitor<[[TaskID]?]>([])
                    for _ in 0..<2 {
                        client.submit(sent, wait: nil) { result in
                            let ids = try? result.get().map(\.id)
                            answers.broadcast { $0.append(ids) }
                        }
                    }
                    let both = answers.wait(for: .seconds(20)) { $0.count == 2 ? $0 : nil }
                    if both != [sent.map(\.id), sent.map(\.id)] { failures.withLock { $0 += 1 } }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(failures.withLock { $0 } == 0)
        #expect(try bench.value("SELECT count(*) FROM task") == "100")
    }
}
