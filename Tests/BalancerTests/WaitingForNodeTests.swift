import FoundationEssentials
import Reactor
import TestSupport
import Testing

/// Requests that wait in the `queue` of an upstream until a node can be reached again.
struct WaitingForNodeTests {
    @Test func `with a queue a request waits until a failed node can be reached again`() throws {
        let folder = TemporaryFolder()
        let servers = (1...2).map { "unix:\(folder.file("\($0).sock")) fail_timeout=60s" }
        let harness = try Harness(servers, upstream: "queue 10 timeout=20s; keepalive 8;")
        // The first request fails at both nodes, so both are unusable for a minute.
        let waiting = try (0..<3).map { _ in try harness.client() }
        for client in waiting { client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi") }
        try harness.wait(for: "/lb/metrics", toContain: "millrace_lb_queued_total 3\n")
        let node = try TestResponder(at: .unix(folder.file("2.sock")), echo)
        defer { node.stop() }
        for client in waiting { #expect(try client.response().text == "hi") }
        #expect(node.requests.count == 3)
        #expect(try harness.get("/").status == 200)
    }

    @Test func `with a queue a request without a node is a 502 after the time-out, or at once when the queue is full`()
        throws
    {
        let harness = try Harness(
            ["unix:/tmp/nobody-listens-here.sock", "127.0.0.1:1"], upstream: "queue 1 timeout=400ms; keepalive 8;")
        let first = try harness.client()
        let start = ContinuousClock.now
        first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try harness.wait(for: "/lb/metrics", toContain: "millrace_lb_queued_total 1\n")
        #expect(try harness.get("/").status == 502)
        #expect(ContinuousClock.now - start < .milliseconds(390))
        #expect(try first.response().status == 502)
        #expect(ContinuousClock.now - start >= .milliseconds(390))
        // If a client disconnects, its request leaves the queue.
        var gone: RawClient? = try harness.client()
        gone!.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try harness.wait(for: "/lb/metrics", toContain: "millrace_lb_queued_total 2\n")
        gone = nil
        try harness.wait(for: "/lb/metrics", toContain: "millrace_lb_client_aborts_total 1\n")
        let again = ContinuousClock.now
        #expect(try harness.get("/").status == 502)
        #expect(ContinuousClock.now - again >= .milliseconds(390))
    }

    @Test func `a request that every node drops is not sent to nodes for ever`() throws {
        let nodes = try (0..<2).map { _ in try TestResponder { _ in [.close] } }
        defer { for node in nodes { node.stop() } }
        let harness = try Harness(
            nodes.map(\.address), upstream: "queue 10 timeout=20s; keepalive 8;",
            location: "fastcgi_next_upstream error non_idempotent;")
        #expect(try harness.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").status == 502)
        #expect(nodes.reduce(0) { $0 + $1.requests.count } == 3)
    }

    @Test func `a failed connect is logged with its reason, and by a waiting request only once`() throws {
        let folder = TemporaryFolder()
        let path = folder.file("errors")
        let address = "127.0.0.1:\(freePort())"
        let harness = try Harness(
            ["\(address) max_fails=0"], upstream: "queue 10 timeout=500ms;", server: "error_log \(path);",
            location: "fastcgi_next_upstream_tries 3; add_header X-Tried $upstream_addr always;")
        let start = ContinuousClock.now
        let response = try harness.get("/")
        #expect(response.status == 502)
        // All attempts of a waiting request count as one attempt.
        #expect(response.field("X-Tried") == address)
        #expect(ContinuousClock.now - start >= .milliseconds(490))
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").filter {
            $0.contains("[error]")
        }
        let reason = "connect() failed (111: Connection refused) while connecting to upstream"
        #expect(lines.first?.contains(reason) == true)
        #expect(lines.count <= 2)
    }
}
