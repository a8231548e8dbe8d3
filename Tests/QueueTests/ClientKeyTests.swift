import Postgres
import TestSupport
import Testing
import Threading

@testable import Queue

/// Clients with keys: each sees, changes and shares its own tasks only.
@Suite struct ClientKeys {
    let bench: Bench

    init() throws { bench = try Bench() }

    private func issue(
        _ name: String, scopes: Set<ClientScope> = ClientScope.standard, in client: QueueClient
    ) throws -> ClientTable.Issued {
        try #require(try client.createClient(name, scopes: scopes, types: nil))
    }

    private func submission(_ text: String, by client: ClientID, isCacheable: Bool = true) -> Submission {
        var submission = Submission(task: task(text, isCacheable: isCacheable))
        submission.client = client
        return submission
    }

    private func record(_ id: TaskID, by visibility: Visibility, wait: Duration? = nil, _ client: QueueClient) throws
        -> TaskRecord?
    {
        try answer { client.task(id, by: visibility, wait: wait, then: $0) }.get()
    }

    @Test func `identical tasks of two clients are two tasks with two results`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let (one, two) = (try issue("one", in: client).client.id, try issue("two", in: client).client.id)
        let owners = [one, two, .anonymous]
        // Two submissions of each client share a task.
        let ids = try owners.map { owner in
            let first = try client.submit([submission("same", by: owner)])[0]
            #expect(try client.submit([submission("same", by: owner)])[0].id == first.id)
            return first.id
        }
        #expect(Set(ids).count == 3)
        try session.complete(try session.claim())
        for (owner, id) in zip(owners, ids) {
            guard case .cached(let computedBy, _) = try client.submit([submission("same", by: owner)])[0] else {
                throw Unexpected(what: "not cached")
            }
            #expect(computedBy == id)
        }
        let three = try issue("three", in: client).client.id
        #expect(try client.submit([submission("same", by: three)])[0].queuedID != nil)
    }

    @Test func `an idempotency key belongs to one client`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let (one, two) = (try issue("one", in: client).client.id, try issue("two", in: client).client.id)
        func submit(_ owner: ClientID, _ text: String) throws -> TaskID {
            let key = IdempotencyKey(key: Array("order-1".utf8), payload: Array(text.utf8), client: owner)
            return try client.submit([submission(text, by: owner, isCacheable: false)], key: key)[0].id
        }
        let ids = try [one, two, .anonymous].map { try submit($0, "a") }
        #expect(Set(ids).count == 3)
        #expect(try [one, two, .anonymous].map { try submit($0, "a") } == ids)
        #expect(throws: QueueError.keyOfAnotherRequest) { try submit(one, "b") }
    }

    @Test func `a stranger's task is like an unknown one for every call, also for one that waits`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let (one, two) = (try issue("one", in: client).client.id, try issue("two", in: client).client.id)
        let ids = try (0..<4).map { try client.submit([submission("\($0)", by: one, isCacheable: false)])[0].id }
        let claimed = try session.claim(2)
        try session.complete([claimed[0]])
        try session.fail([claimed[1]], isRetryable: false)
        for stranger in [Visibility.own(two), .own(.anonymous)] {
            for id in ids {
                #expect(try record(id, by: stranger, client) == nil)
                #expect(try client.lookUp(id, by: stranger) == nil)
                #expect(try client.attempts(of: id, by: stranger) == nil)
                #expect(try answer { client.cancel(id, by: stranger, then: $0) }.get() == .unknown)
                let start = ContinuousClock.now
                #expect(try record(id, by: stranger, wait: .seconds(20), client) == nil)
                #expect(ContinuousClock.now - start < .seconds(5))
            }
            #expect(try client.tasks(status: nil, type: nil, by: stranger, limit: 10, after: nil).isEmpty)
            #expect(try client.types(["sha256"], by: stranger)[0].queued == 0)
            var hashes = 0
            try client.streamHashes(types: ["sha256"], by: stranger, limit: nil, after: nil) { _ in hashes += 1 }
            #expect(hashes == 0)
        }
        // When a stranger looks up a task, the task is not marked as awaited.
        #expect(try bench.value("SELECT count(*) FROM task WHERE awaited") == "0")
        for mine in [Visibility.own(one), .all] {
            #expect(try ids.allSatisfy { try record($0, by: mine, client) != nil })
            #expect(
                try client.tasks(status: nil, type: nil, by: mine, limit: 10, after: nil).map(\.id) == ids.reversed())
            #expect(try client.types(["sha256"], by: mine)[0].queued == 2)
            for status in TaskStatus.allCases {
                let page = try client.tasks(status: status, type: "sha256", by: mine, limit: 10, after: nil)
                let count = status == .queued ? 2 : status == .completed || status == .failed ? 1 : 0
                #expect(page.count == count && page.allSatisfy { $0.status == status })
            }
            var hashes: [TaskID] = []
            try client.streamHashes(types: ["sha256"], by: mine, limit: nil, after: nil) { hashes.append($0.id) }
            #expect(hashes == [claimed[0].id])
        }
        guard case .cancelled = try answer({ client.cancel(ids[3], by: .own(one), then: $0) }).get() else {
            throw Unexpected(what: "not cancelled")
        }
        #expect(try record(ids[3], by: .own(one), client)?.status == .cancelled)
        #expect(try record(ids[3], by: .own(two), client) == nil)
    }

    @Test func `one who waits for the end of a task is told, while a stranger waits for the same one`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let (one, two) = (try issue("one", in: client).client.id, try issue("two", in: client).client.id)
        let id = try client.submit([submission("a", by: one)])[0].id
        let status = Monitor<TaskStatus?>(nil)
        client.task(id, by: .own(one), wait: .seconds(20)) { result in
            status.broadcast { $0 = (try? result.get())?.status }
        }
        #expect(try record(id, by: .own(two), wait: .seconds(20), client) == nil)
        try session.complete(try session.claim())
        #expect(status.wait(for: .seconds(10), { $0 }) == .completed)
    }

    @Test func `a retried task stays with its client`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let one = try issue("one", in: client).client.id
        let id = try client.submit([submission("a", by: one)])[0].id
        try session.fail(try session.claim(), isRetryable: false)
        let failed = try #require(try client.lookUp(id, by: .own(one)))
        guard case .queued = try client.retry(failed, as: task("a")) else { throw Unexpected(what: "not queued") }
        #expect(try client.lookUp(id, by: .own(one))?.status == .queued)
        #expect(try client.lookUp(id, by: .own(.anonymous)) == nil)
        try session.complete(try session.claim())
        #expect(try client.lookUp(id, by: .own(one))?.status == .completed)
    }

    @Test func `a worker that is lost, and one that puts tasks back, leave them with their client`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let one = try issue("one", in: client).client.id
        let id = try client.submit([submission("a", by: one)])[0].id
        let first = try bench.session()
        _ = try first.claim()
        first.signOff()
        #expect(try client.lookUp(id, by: .own(one))?.status == .queued)
        let second = try bench.session()
        _ = try second.claim()
        let watch = bench.watch()
        try bench.kill(second)
        try eventually("the task is queued again") { try client.lookUp(id, by: .own(one))?.status == .queued }
        withExtendedLifetime(watch) {}
    }

    @Test func `all nodes know of a new, a rotated and a revoked key within a second`() throws {
        let nodes = [bench.client(), bench.client()]
        defer { for node in nodes { node.shutdown() } }
        func match(_ key: ClientKey, _ name: String?) throws {
            try eventually("all nodes know it", within: .seconds(1)) {
                nodes.allSatisfy { node in
                    switch node.clients.match(key) {
                    case .client(let client): client.name == name
                    case .unknown: name == nil
                    case .unavailable: false
                    }
                }
            }
        }
        try match(ClientKey(), nil)
        let first = try issue("shop", in: nodes[0])
        try match(first.key, "shop")
        #expect(try nodes[1].createClient("shop", scopes: [.read], types: nil) == nil)
        let second = try #require(try nodes[1].rotateClient("shop"))
        #expect(second.client.id == first.client.id)
        try match(first.key, nil)
        try match(second.key, "shop")
        #expect(try nodes[0].revokeClient("shop")?.id == first.client.id)
        try match(second.key, nil)
        #expect(try nodes[0].revokeClient("shop") == nil)
        #expect(try nodes[0].rotateClient("shop") == nil)
        // A new client can have the name of a revoked one. It does not get the tasks of the revoked client.
        #expect(try issue("shop", in: nodes[0]).client.id != first.client.id)
        #expect(
            try bench.value("SELECT count(*) FROM client WHERE key_digest::text LIKE '%\(second.key.text)%'") == "0")
    }

    @Test func `nodes hear of changes that were made while their session was lost`() throws {
        let node = bench.client()
        defer { node.shutdown() }
        let first = try issue("shop", in: node)
        try eventually("the key is known") { node.clients.match(first.key) == .client(first.client) }
        let connection = try PostgresConnection(bench.postgres)
        try connection.execute(
            text: """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """)
        _ = try ClientTable.revoke("shop", connection)
        try eventually("the key is unknown", within: .seconds(5)) { node.clients.match(first.key) == .unknown }
    }
}

/// The form of keys and names.
@Suite struct ClientKeyForm {
    @Test func `a new key has the form of a key, and no two are alike`() {
        let keys = (0..<100).map { _ in ClientKey() }
        #expect(Set(keys).count == 100 && keys.allSatisfy { ClientKey($0.text) == $0 && $0.text.utf8.count == 67 })
        #expect(Set(keys.map(\.digest)).count == 100)
    }

    @Test(arguments: ["", "mr_", "mr_0", "MR_", "xx_"])
    func `other texts are no keys`(_ prefix: String) {
        let digits = String(repeating: "0123456789abcdef", count: 4)
        #expect(ClientKey(prefix) == nil)
        for text in ["mr_" + digits.dropLast(), "mr_" + digits + "0", "mr_" + digits.uppercased(), "mr-" + digits] {
            #expect(ClientKey(text) == nil)
        }
        #expect(ClientKey("mr_" + digits) != nil)
    }

    @Test func `a name can stand in a URL, a log line and a command`() {
        for name in ["a", "7", "web-shop", "A.b_c", String(repeating: "x", count: 64)] {
            #expect(ClientName.isValid(name))
        }
        for name in ["", "-a", ".a", "_a", "a b", "a/b", "é", "a\n", String(repeating: "x", count: 65)] {
            #expect(!ClientName.isValid(name))
        }
    }
}
