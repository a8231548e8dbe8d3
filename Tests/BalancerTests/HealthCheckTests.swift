import FoundationEssentials
import Synchronization
import TestSupport
import Testing

@testable import Balancer

/// `health_check` and `match`.
struct HealthCheckTests {
    /// A node. A test can change its answers to health checks.
    private final class Node: Sendable {
        let steps = Mutex<[TestResponder.Step]>(TestResponder.ok(TestResponder.Request()))
        /// Holds the answers to `/slow`.
        let gate = Gate(isOpen: false)
        let responder: TestResponder

        init() throws {
            let cell = Cell()
            responder = try TestResponder { cell.node?.answer($0) ?? [.close] }
            cell.set(self)
        }

        private final class Cell: Sendable {
            private let contents = Mutex<Node?>(nil)
            var node: Node? { contents.withLock { $0 } }
            func set(_ node: Node) { contents.withLock { $0 = node } }
        }

        private func answer(_ request: TestResponder.Request) -> [TestResponder.Step] {
            // Only the answers to health checks vary. A client's request always succeeds.
            if request.uri.hasPrefix("/check") { return steps.withLock { $0 } }
            let pause = request.uri == "/slow" ? [TestResponder.Step.pass(gate)] : []
            return pause + [.stdout("\r\n\(responder.address)"), .end()]
        }

        func answerChecks(_ text: String) { steps.withLock { $0 = [.stdout(text), .end()] } }

        func waitForChecks(_ count: Int) throws {
            try eventually("the node has got \(count) checks") { checks.count >= count }
        }

        var checks: [TestResponder.Request] { responder.requests.filter { $0.uri.hasPrefix("/check") } }
    }

    private let good = "Status: 204 No Content\r\n\r\n"
    private let bad = "Status: 500 Broken\r\n\r\n"

    private func harness(
        _ nodes: [Node], _ parameters: String, http: String = "", log: String = "/dev/null", workers: Int = 1,
        servers: String = ""
    ) throws -> Harness {
        let text = Harness.text(
            nodes.map { "\($0.responder.address) max_fails=0 \(servers)" },
            http: "error_log \(log) notice; \(http)",
            location: "health_check interval=30ms uri=/check?deep=1 \(parameters); fastcgi_param X_PLACE here;")
        return try Harness(text: text, workers: workers)
    }

    private func answering(_ harness: Harness) throws -> Set<String> {
        Set(try (0..<8).map { _ in try harness.get("/").text })
    }

    @Test(arguments: [1, 2]) func `a node that fails its checks gets no requests from any loop until it passes again`(
        _ workers: Int
    ) throws {
        let folder = TemporaryFolder()
        let nodes = [try Node(), try Node()]
        defer { for node in nodes { node.responder.stop() } }
        let log = folder.file("error.log")
        let harness = try harness(nodes, "fails=2 passes=2", log: log, workers: workers)
        let all = Set(nodes.map(\.responder.address))
        #expect(try answering(harness) == all)
        nodes[0].answerChecks(bad)
        try harness.waitForHealth([false, true])
        #expect(try answering(harness) == [nodes[1].responder.address])
        #expect(try harness.peers().text.contains("\"health_check\":\"unhealthy\""))
        // A reload keeps the health of the nodes, and the checks go on.
        #expect(harness.balancer.reload() == nil)
        #expect(harness.health == [false, true])
        nodes[0].answerChecks(good)
        try harness.waitForHealth([true, true])
        #expect(try answering(harness) == all)
        let place = "health check \"\" of peer \(nodes[0].responder.address) in upstream \"nodes\"\n"
        let written = try String(contentsOfFile: log, encoding: .utf8)
        let lines = written.split(separator: "\n").filter { $0.contains("peer is ") }
        #expect(lines.count == 2, "\(lines)")
        #expect(written.contains("peer is unhealthy while checking status code, \(place)"))
        #expect(written.contains("peer is healthy, \(place)"))
        let metrics = try harness.get("/lb/metrics").text
        let labels = "upstream=\"nodes\",backend=\"\(nodes[0].responder.address)\""
        #expect(metrics.contains("millrace_lb_backend_up{\(labels)} 1\n"))
        #expect(!metrics.contains("millrace_lb_backend_health_checks_total{\(labels),result=\"failed\"} 0\n"))
    }

    @Test func `reloads during checks disturb nothing`() throws {
        let nodes = [try Node(), try Node(), try Node()]
        defer { for node in nodes { node.responder.stop() } }
        let text = Harness.text(
            nodes.map(\.responder.address), location: "health_check interval=1ms uri=/check;")
        let harness = try Harness(text: text)
        for _ in 0..<300 { #expect(harness.balancer.reload() == nil) }
        #expect(try answering(harness).count == 3)
    }

    @Test func `a check is a request with the location's params, and is not counted in the statistics`() throws {
        let node = try Node()
        defer { node.responder.stop() }
        let harness = try harness([node], "", servers: "max_conns=2")
        try node.waitForChecks(3)
        let check = try #require(node.checks.first)
        #expect(check.params["REQUEST_METHOD"] == "GET")
        #expect(check.params["REQUEST_URI"] == "/check?deep=1")
        #expect(check.params["QUERY_STRING"] == "deep=1")
        #expect(check.params["DOCUMENT_URI"] == "/check")
        #expect(check.params["X_PLACE"] == "here")
        #expect(check.params["HTTP_X_SET"] == "fixed")
        #expect(!check.keepsConnection)
        let stats = try harness.get("/lb/stats").text
        #expect(stats.contains("\"requests\":0,\"failures\":0"))
        #expect(stats.contains("\"health_check\":\"healthy\""))
        try harness.waitForStats("\"active\":0,\"idle\":0")
    }

    @Test func `a node that refuses connections is unhealthy, also when it is the only one`() throws {
        let node = try Node()
        let harness = try harness([node], "")
        try node.waitForChecks(2)
        node.responder.stop()
        try harness.waitForHealth([false])
        #expect(try harness.get("/").status == 502)
        #expect(try harness.get("/lb/health").status == 503)
    }

    @Test func `with mandatory a node gets no request before its first check has passed`() throws {
        let nodes = [try Node(), try Node()]
        defer { for node in nodes { node.responder.stop() } }
        let gate = Gate(isOpen: false)
        nodes[0].steps.withLock { $0 = [.pass(gate), .stdout(good), .end()] }
        nodes[1].steps.withLock { $0 = [.pass(gate), .stdout(bad), .end()] }
        let harness = try harness(nodes, "mandatory passes=3")
        #expect(try harness.get("/").status == 502)
        #expect(try harness.get("/lb/stats").text.contains("\"health_check\":\"checking\""))
        gate.open()
        try harness.waitForHealth([true, false])
        #expect(try answering(harness) == [nodes[0].responder.address])
        // A reload keeps the health of the nodes.
        #expect(harness.balancer.reload() == nil)
        #expect(harness.health == [true, false])
    }

    @Test func `a node at max_conns is not checked, and keeps its health`() throws {
        let node = try Node()
        defer { node.responder.stop() }
        let harness = try harness([node], "", servers: "max_conns=1")
        try node.waitForChecks(2)
        let client = try harness.client()
        client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        try node.gate.waitUntilHeld(1)
        let before = node.checks.count
        // 90 ms are three intervals of the check.
        try never("the node is checked", for: .milliseconds(90)) { node.checks.count > before }
        #expect(harness.health == [true])
        node.gate.open()
        #expect(try client.response().status == 200)
        // The client's request has ended, so the connection to the node is idle. The balancer closes it, and then opens
        // one for the check. So there is never more than one connection.
        try node.waitForChecks(before + 2)
        #expect(harness.health == [true])
    }

    @Test func `a node that does not answer in time fails its check`() throws {
        let nodes = [try Node(), try Node()]
        defer { for node in nodes { node.responder.stop() } }
        let harness = try harness(nodes, "", http: "fastcgi_read_timeout 100ms; fastcgi_connect_timeout 100ms;")
        let gate = Gate(isOpen: false)
        defer { gate.open() }
        nodes[0].steps.withLock { $0 = [.stdout("\r\n"), .pass(gate), .end()] }
        try harness.waitForHealth([false, true])
        nodes[0].answerChecks(good)
        try harness.waitForHealth([true, true])
        // A slow node: each byte arrives within fastcgi_read_timeout, but the response does not end.
        nodes[1].steps.withLock {
            $0 =
                [.stdout("\r\n")]
                + Array(repeating: [TestResponder.Step.stdout("a"), .sleep(.milliseconds(40))], count: 20).flatMap(
                    \.self)
        }
        try harness.waitForHealth([true, false])
    }

    static let matches: [(match: String, passing: String, failing: String)] = [
        ("status 200 301-303;", "Status: 302 x\r\n\r\n", "Status: 304 x\r\n\r\n"),
        ("status ! 500-599;", "Status: 404 x\r\n\r\n", "Status: 503 x\r\n\r\n"),
        ("status 500;", "Status: 500 x\r\n\r\n", "\r\n"),
        ("header Content-Type = text/plain;", "Content-Type: text/plain\r\n\r\n", "Content-Type: text/css\r\n\r\n"),
        ("header X-A != b;", "X-A: a\r\n\r\n", "X-A: b\r\n\r\n"),
        ("header X-A;", "x-a: \r\n\r\n", "X-B: a\r\n\r\n"),
        ("header ! X-A;", "X-B: a\r\n\r\n", "X-A: a\r\n\r\n"),
        ("header X-A ~ ^[0-9]+$;", "X-A: 12\r\n\r\n", "X-A: 1b\r\n\r\n"),
        ("header X-A !~ ^[0-9]+$;", "X-A: 1b\r\n\r\n", "X-A: 12\r\n\r\n"),
        ("body ~ \"wel+come\";", "\r\nYou are wellcome.", "\r\nYou are not."),
        ("body !~ maintenance;", "\r\nfine", "\r\nin maintenance"),
        ("status 200; body ~ a; header X-A;", "X-A: 1\r\n\r\na", "X-A: 1\r\n\r\nb"),
    ]

    @Test(arguments: matches) func `match defines which answers are healthy`(
        _ row: (match: String, passing: String, failing: String)
    ) throws {
        let node = try Node()
        defer { node.responder.stop() }
        node.answerChecks(row.passing)
        let harness = try harness([node], "match=good", http: "match good { \(row.match) }")
        try node.waitForChecks(3)
        #expect(harness.health == [true])
        node.answerChecks(row.failing)
        try harness.waitForHealth([false])
        node.answerChecks(row.passing)
        try harness.waitForHealth([true])
    }
}

extension Harness {
    fileprivate func waitForHealth(_ expected: [Bool]) throws {
        try eventually("the health of the nodes is \(expected)") { health == expected }
    }

    /// Whether each node is healthy, according to `/lb/stats`.
    fileprivate var health: [Bool] {
        guard let text = try? get("/lb/stats").text else { return [] }
        return text.split(separator: "\"healthy\":").dropFirst().map { $0.hasPrefix("true") }
    }
}
