import TestSupport
import Testing
import Threading

@testable import Balancer

/// `hash`, `ip_hash`, `queue`, and the limits of `keepalive` connections.
struct ChoiceTests {
    private static func nodes(_ count: Int) throws -> [TestResponder] {
        try (0..<count).map { number in
            try TestResponder { _ in [.stdout("\r\nnode \(number)"), .end()] }
        }
    }

    @Test(
        .enabled(if: StockNginx.isPresent),
        arguments: ["hash $arg_k;", "hash $arg_k consistent;", "hash $uri$arg_none;", "ip_hash;"])
    func `a key picks the node that nginx picks, also when nodes are down or unreachable`(_ method: String) throws {
        let nodes = try Self.nodes(4)
        defer { for node in nodes { node.stop() } }
        let servers = [
            "\(nodes[0].address) max_fails=0", "\(nodes[1].address) weight=3 max_fails=0",
            "unix:/tmp/mr-nobody.sock max_fails=0", "\(nodes[2].address) weight=2 down",
            "\(nodes[3].address) weight=2 max_fails=0",
        ]
        let http = "set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;"
        let text = Harness.text(servers, upstream: "", http: http).replacing(
            "upstream nodes {", with: "upstream nodes {\n\(method)")
        let (harness, nginx) = (try Harness(text: text), try NginxProcess(text: text))
        for number in 0..<60 {
            let request = """
                GET /\(number % 7)?k=key\(number) HTTP/1.1\r\nHost: a\r\nX-Real-IP: 10.\(number).\(number * 3).9\r\n\
                Connection: close\r\n\r\n
                """
            #expect(try harness.ask(request).text == nginx.ask(request).text, "\(number)")
        }
    }

    @Test func `keepalive_requests and keepalive_time limit the life of a node's connection`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address], upstream: "keepalive 8; keepalive_requests 3;")
        for _ in 0..<6 { #expect(try harness.get("/").status == 200) }
        #expect(node.connections == 2)
        let brief = try Harness([node.address], upstream: "keepalive 8; keepalive_time 1ms;")
        for _ in 0..<3 {
            #expect(try brief.get("/").status == 200)
            // Wait for longer than keepalive_time.
            sleepCurrentThread(for: .milliseconds(3))
        }
        // `harness` opened 2 connections. `brief` opens 3, one per request. If a request ends in less than a
        // millisecond, its connection stays open for the next request, and `brief` opens only 2.
        #expect((4...5).contains(node.connections))
        let idle = try Harness([node.address], upstream: "keepalive 8; keepalive_timeout 30ms;")
        _ = try idle.get("/")
        try eventually("a connection is open") { node.openConnections >= 1 }
        harness.stop()
        brief.stop()
        try node.waitUntilDisconnected()
    }

    @Test func `queue limits how many requests wait for a connection, and for how long`() throws {
        let gate = Gate(isOpen: false)
        let node = try TestResponder { _ in [.pass(gate), .stdout("\r\nlate"), .end()] }
        defer { node.stop() }
        let harness = try Harness(
            ["\(node.address) max_conns=1"], upstream: "keepalive 8; queue 1 timeout=400ms;", queueLimit: 100)
        let busy = try harness.client()
        busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try node.waitForRequests(1)
        let waiting = try harness.client()
        let start = ContinuousClock.now
        waiting.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try harness.waitForStats("\"waiting\":1")
        #expect(try harness.get("/").status == 503, "the queue is full")
        #expect(try waiting.response().status == 503)
        #expect(ContinuousClock.now - start >= .milliseconds(390))
        gate.open()
        #expect(try busy.response().text == "late")
    }
}
