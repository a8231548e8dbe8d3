import Synchronization
import TestSupport
import Testing
import Threading

/// `max_conns`, and the requests that wait for a connection.
struct MaxConnectionsTests {
    @Test(arguments: [1, 2]) func `a node never has more requests or connections than max_conns, over all loops`(
        loops: Int
    ) throws {
        let active = Mutex((now: 0, max: 0))
        let node = try TestResponder { _ in
            active.withLock { $0 = ($0.now + 1, max($0.max, $0.now + 1)) }
            // The node is slow, so that requests overlap.
            sleepCurrentThread(for: .milliseconds(2))
            active.withLock { $0.now -= 1 }
            return [.stdout("\r\nok"), .end()]
        }
        defer { node.stop() }
        let harness = try Harness(["\(node.address) max_conns=3"], workers: loops)
        let failures = Mutex(0)
        let threads = (0..<12).map { _ in
            NamedThread("client") {
                guard let client = try? harness.client() else { return failures.withLock { $0 += 1 } }
                for _ in 0..<20 {
                    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
                    if (try? client.response().text) != "ok" { failures.withLock { $0 += 1 } }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(failures.withLock { $0 } == 0)
        #expect(active.withLock { $0.max } <= 3)
        // The node notices a closed connection a moment after the balancer has closed it, so wait.
        try eventually("the node has at most 3 connections") { node.openConnections <= 3 }
        #expect(node.requests.count == 240)
    }

    @Test func `a request waits for a connection until the queue's time-out`() throws {
        let gate = Gate(isOpen: false)
        defer { gate.open() }
        let node = try TestResponder { request in
            request.uri == "/slow"
                ? [.pass(gate), .stdout("\r\nslow"), .end()] : TestResponder.ok(request)
        }
        defer { node.stop() }
        let harness = try Harness(["\(node.address) max_conns=1"], queueTimeout: .milliseconds(100))
        let slow = try harness.client()
        slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        try node.waitForRequests(1)
        let waiting = try harness.get("/")
        #expect(waiting.status == 503)
        #expect(waiting.field("Retry-After") == "1")
        gate.open()
        #expect(try slow.response().text == "slow")
        #expect(try harness.get("/").text == "hello")
    }

    @Test func `a full queue refuses at once`() throws {
        let gate = Gate(isOpen: false)
        defer { gate.open() }
        let node = try TestResponder { _ in [.pass(gate), .stdout("\r\nok"), .end()] }
        defer { node.stop() }
        let harness = try Harness(["\(node.address) max_conns=1"], queueLimit: 1)
        let (first, second) = (try harness.client(), try harness.client())
        first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try node.waitForRequests(1)
        second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try harness.waitForStats("\"waiting\":1")
        #expect(try harness.get("/").status == 503)
        gate.open()
        #expect(try first.response().text == "ok")
        #expect(try second.response().text == "ok")
    }

    @Test func `a client that stops waiting leaves the queue`() throws {
        let gate = Gate(isOpen: false)
        defer { gate.open() }
        let node = try TestResponder { _ in [.pass(gate), .stdout("\r\nok"), .end()] }
        defer { node.stop() }
        let harness = try Harness(["\(node.address) max_conns=1"])
        let first = try harness.client()
        first.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
        try node.waitForRequests(1)
        var second: RawClient? = try harness.client()
        second!.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
        try harness.waitForStats("\"waiting\":1")
        second = nil
        try harness.waitForStats("\"waiting\":0")
        gate.open()
        #expect(try first.response().text == "ok")
        #expect(try harness.get("/3").text == "ok")
        #expect(node.requests.map(\.uri) == ["/1", "/3"])
    }
}
