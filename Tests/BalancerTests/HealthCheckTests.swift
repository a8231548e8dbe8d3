import FoundationEssentials
import Glibc
import NginxConfig
import Reactor
import Synchronization
import TestSupport
import Testing

@testable import Balancer

struct HealthCheckTests {
    /// A node whose answers a test changes.
    private final class Node: Sendable {
        let steps = Mutex<[TestResponder.Step]>(TestResponder.ok(TestResponder.Request()))
        let responder: TestResponder

        init(at address: SocketAddress? = nil) throws {
            let cell = Cell()
            responder = try TestResponder(at: address) { cell.node?.answer($0) ?? [.close] }
            cell.set(self)
        }

        private final class Cell: Sendable {
            private let contents = Mutex<Node?>(nil)
            var node: Node? { contents.withLock { $0 } }
            func set(_ node: Node) { contents.withLock { $0 = node } }
        }

        private func answer(_ request: TestResponder.Request) -> [TestResponder.Step] {
            // A client's request gets a good answer whatever the checks get.
            if request.uri.hasPrefix("/check") { return steps.withLock { $0 } }
            let pause = request.uri == "/slow" ? [TestResponder.Step.sleep(.milliseconds(300))] : []
            return pause + [.stdout("\r\n\(responder.address)"), .end()]
        }

        func answerChecks(_ text: String) { steps.withLock { $0 = [.stdout(text), .end()] } }

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

    @Test(arguments: [1, 2]) func `a node that fails its checks is out for all loops, and back when it passes`(
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
        #expect(eventually { harness.isHealthy == [false, true] })
        #expect(try answering(harness) == [nodes[1].responder.address])
        #expect(try harness.get("/lb/peers").text.contains("\"health_check\":\"unhealthy\""))
        // A reload forgets nothing, and the checks go on.
        #expect(harness.balancer.reload() == nil)
        #expect(harness.isHealthy == [false, true])
        nodes[0].answerChecks(good)
        #expect(eventually { harness.isHealthy == [true, true] })
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

    @Test func `reloads in the middle of checks do no harm`() throws {
        let nodes = [try Node(), try Node(), try Node()]
        defer { for node in nodes { node.responder.stop() } }
        let text = Harness.text(
            nodes.map(\.responder.address), location: "health_check interval=1ms uri=/check;")
        let harness = try Harness(text: text)
        for _ in 0..<300 { #expect(harness.balancer.reload() == nil) }
        #expect(try answering(harness).count == 3)
    }

    @Test func `a check is a request with the location's params, and counts in no statistics`() throws {
        let node = try Node()
        defer { node.responder.stop() }
        let harness = try harness([node], "", servers: "max_conns=2")
        #expect(eventually { node.checks.count > 2 })
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
        #expect(eventually { (try? harness.get("/lb/stats").text.contains("\"active\":0,\"idle\":0")) == true })
    }

    @Test func `the only node is out, too, and one that refuses connections is found out`() throws {
        let node = try Node()
        let harness = try harness([node], "")
        #expect(eventually { node.checks.count > 1 })
        node.responder.stop()
        #expect(eventually { harness.isHealthy == [false] })
        #expect(try harness.get("/").status == 502)
        #expect(try harness.get("/lb/health").status == 503)
    }

    @Test func `with mandatory a node gets nothing before its first check has passed`() throws {
        let nodes = [try Node(), try Node()]
        defer { for node in nodes { node.responder.stop() } }
        nodes[0].steps.withLock { $0 = [.sleep(.milliseconds(300)), .stdout(good), .end()] }
        nodes[1].steps.withLock { $0 = [.sleep(.milliseconds(300)), .stdout(bad), .end()] }
        let harness = try harness(nodes, "mandatory passes=3")
        #expect(try harness.get("/").status == 502)
        #expect(try harness.get("/lb/stats").text.contains("\"health_check\":\"checking\""))
        #expect(eventually { harness.isHealthy == [true, false] })
        #expect(try answering(harness) == [nodes[0].responder.address])
        // What is known of a node outlives a reload.
        #expect(harness.balancer.reload() == nil)
        #expect(harness.isHealthy == [true, false])
    }

    @Test func `a node without a free place is not checked, and keeps its health`() throws {
        let node = try Node()
        defer { node.responder.stop() }
        let harness = try harness([node], "", servers: "max_conns=1")
        #expect(eventually { node.checks.count > 1 })
        let client = try harness.client()
        client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(eventually { node.responder.requests.contains { $0.uri == "/slow" } })
        let before = node.checks.count
        usleep(150_000)
        #expect(node.checks.count == before)
        #expect(harness.isHealthy == [true])
        #expect(try client.response().status == 200)
        // The idle connection has the place now, and gives it up.
        #expect(eventually { node.checks.count > before + 1 })
        #expect(harness.isHealthy == [true])
    }

    @Test func `a node that does not answer in time fails its check`() throws {
        let nodes = [try Node(), try Node()]
        defer { for node in nodes { node.responder.stop() } }
        let harness = try harness(nodes, "", http: "fastcgi_read_timeout 100ms; fastcgi_connect_timeout 100ms;")
        nodes[0].steps.withLock { $0 = [.stdout("\r\n"), .sleep(.milliseconds(400)), .end()] }
        #expect(eventually { harness.isHealthy == [false, true] })
        nodes[0].answerChecks(good)
        #expect(eventually { harness.isHealthy == [true, true] })
        // Drops that come in time each, for ever.
        nodes[1].steps.withLock {
            $0 =
                [.stdout("\r\n")]
                + Array(repeating: [TestResponder.Step.stdout("a"), .sleep(.milliseconds(40))], count: 20).flatMap(
                    \.self)
        }
        #expect(eventually { harness.isHealthy == [true, false] })
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

    @Test(arguments: matches) func `match says what a good answer is`(
        _ row: (match: String, passing: String, failing: String)
    ) throws {
        let node = try Node()
        defer { node.responder.stop() }
        node.answerChecks(row.passing)
        let harness = try harness([node], "match=good", http: "match good { \(row.match) }")
        #expect(eventually { node.checks.count > 2 })
        #expect(harness.isHealthy == [true])
        node.answerChecks(row.failing)
        #expect(eventually { harness.isHealthy == [false] })
        node.answerChecks(row.passing)
        #expect(eventually { harness.isHealthy == [true] })
    }
}

extension Harness {
    /// Of each node, as `/lb/stats` tells it.
    fileprivate var isHealthy: [Bool] {
        guard let text = try? get("/lb/stats").text else { return [] }
        return text.split(separator: "\"healthy\":").dropFirst().map { $0.hasPrefix("true") }
    }
}
