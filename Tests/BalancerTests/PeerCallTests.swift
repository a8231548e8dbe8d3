import JSON
import TestSupport
import Testing

@testable import Balancer

struct PeerCallTests {
    private func set(_ harness: Harness, _ body: String, _ fields: String = "") throws -> RawClient.Response {
        try harness.ask(
            """
            POST /lb/peers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\(fields)\
            Content-Length: \(body.utf8.count)\r\n\r\n\(body)
            """)
    }

    private func states(_ response: RawClient.Response) throws -> [String] {
        let list = try JSONValue(parsing: response.body).objectValue?["peers"]?.arrayValue ?? []
        return list.compactMap { $0.objectValue?["state"]?.stringValue }
    }

    private func answers(_ harness: Harness, _ count: Int = 8) throws -> Set<String> {
        Set(try (0..<count).map { _ in try harness.get("/").text })
    }

    @Test(arguments: [1, 2]) func `peers can be added, drained and removed at run time`(_ workers: Int) throws {
        let nodes = try (0..<3).map { number in try TestResponder { _ in [.stdout("\r\n\(number)"), .end()] } }
        defer { for node in nodes { node.stop() } }
        let harness = try Harness([nodes[0].address, nodes[1].address], workers: workers)
        #expect(try answers(harness) == ["0", "1"])
        #expect(try states(harness.get("/lb/peers")) == ["up", "up"])

        let added = try set(harness, "{\"upstream\":\"nodes\",\"address\":\"\(nodes[2].address)\",\"weight\":3}")
        #expect(added.status == 200)
        #expect(added.text.contains("\"weight\":3"))
        #expect(try answers(harness, 10) == ["0", "1", "2"])

        #expect(try set(harness, "{\"address\":\"\(nodes[0].address)\",\"state\":\"drain\"}").status == 200)
        #expect(try answers(harness) == ["1", "2"])
        try nodes[0].waitUntilDisconnected()
        #expect(try states(harness.get("/lb/peers")) == ["drain", "up", "up"])

        #expect(try set(harness, "{\"address\":\"\(nodes[1].address)\",\"state\":\"removed\"}").status == 200)
        #expect(try answers(harness) == ["2"])
        try nodes[1].waitUntilDisconnected()

        // A reload keeps these changes.
        #expect(harness.balancer.reload() == nil)
        #expect(try answers(harness) == ["2"])
        for node in nodes[..<2] {
            #expect(try set(harness, "{\"address\":\"\(node.address)\",\"state\":\"up\"}").status == 200)
        }
        #expect(try set(harness, "{\"address\":\"\(nodes[2].address)\",\"state\":\"removed\"}").status == 200)
        #expect(try answers(harness) == ["0", "1"])
    }

    @Test func `a peer that is removed and added again keeps the connection that was in use`() throws {
        let gate = Gate()
        let node = try TestResponder { request in
            [.pass(request.uri == "/held" ? gate : Gate()), .stdout("\r\nhello"), .end()]
        }
        let other = try TestResponder { _ in [.stdout("\r\nother"), .end()] }
        defer { for node in [node, other] { node.stop() } }
        let harness = try Harness(["\(node.address) max_conns=1"])
        gate.close()
        let client = try harness.client()
        client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        try gate.waitUntilHeld(1)
        // The last peer of an upstream cannot be removed.
        #expect(try set(harness, "{\"address\":\"\(other.address)\"}").status == 200)
        for state in ["removed", "up"] {
            #expect(try set(harness, "{\"address\":\"\(node.address)\",\"state\":\"\(state)\"}").status == 200)
        }
        #expect(try set(harness, "{\"address\":\"\(other.address)\",\"state\":\"removed\"}").status == 200)
        gate.open()
        #expect(try client.response().text == "hello")
        for _ in 0..<3 { #expect(try harness.get("/").text == "hello") }
        #expect(node.connections == 1)
        node.dropConnections()
        try harness.waitForStats("\"active\":0,\"idle\":0,")
    }

    @Test func `invalid changes are refused, and so is a client without the token`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address], adminToken: "secret")
        let token = "Authorization: Bearer secret\r\n"
        let good = "\"address\":\"127.0.0.1:9\""
        #expect(try set(harness, "{\(good)}").status == 401)
        for (body, status) in [
            ("{}", 400), ("[]", 400), ("{\"address\":\"somewhere\"}", 400), ("{\(good),\"upstream\":\"x\"}", 400),
            ("{\"address\":\"127.0.0.1:0\"}", 400), ("{\"address\":\"unix:here\"}", 400),
            ("{\"address\":\"unix:/a\\nb\"}", 400),
            ("{\"address\":\"unix:/\(String(repeating: "a", count: 107))\"}", 400), ("{\(good),\"backup\":1}", 400),
            ("{\"address\":\"\(node.address)\",\"weight\":2}", 400),
            ("{\(good),\"state\":\"gone\"}", 400), ("{\(good),\"weight\":0}", 400), ("{\(good),\"weight\":\"2\"}", 400),
            ("{\(good),\"state\":\"drain\"}", 404), ("{\(good)}", 200),
        ] {
            #expect(try set(harness, body, token).status == status, "\(body)")
        }
        #expect(try harness.ask("DELETE /lb/peers HTTP/1.1\r\nHost: a\r\n\r\n").field("Allow") == "GET, HEAD, POST")
    }

    @Test func `metrics show the nodes' response times, the waiting times, and the decisions of limits`() throws {
        // A slow node: its responses must not be in the bucket of 25 ms.
        let node = try TestResponder { _ in [.sleep(.milliseconds(30)), .stdout("\r\nlate"), .end()] }
        defer { node.stop() }
        let harness = try Harness(
            ["\(node.address) max_conns=1"], http: "limit_req_zone $uri zone=z:1m rate=1r/m;",
            location: "limit_req zone=z burst=1 nodelay;")
        let clients = try (0..<3).map { _ in try harness.client() }
        for client in clients { client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        let statuses = try clients.map { try $0.response().status }.sorted()
        #expect(statuses == [200, 200, 503])
        let text = try harness.get("/lb/metrics").text
        let labels = "upstream=\"nodes\",backend=\"\(node.address)\""
        #expect(text.contains("# TYPE millrace_lb_backend_response_seconds histogram\n"))
        #expect(text.contains("millrace_lb_backend_response_seconds_bucket{\(labels),le=\"0.025\"} 0\n"))
        #expect(text.contains("millrace_lb_backend_response_seconds_bucket{\(labels),le=\"+Inf\"} 2\n"))
        #expect(text.contains("millrace_lb_backend_response_seconds_count{\(labels)} 2\n"))
        #expect(text.contains("millrace_lb_queue_seconds_count{upstream=\"nodes\"} 1\n"))
        #expect(text.contains("millrace_lb_limit_decisions_total{limit=\"req\",decision=\"passed\"} 2\n"))
        #expect(text.contains("millrace_lb_limit_decisions_total{limit=\"req\",decision=\"refused\"} 1\n"))
    }

    @Test func `a valid traceparent is passed on, and otherwise one is made per request`() throws {
        let node = try TestResponder { request in
            [.stdout("\r\n\(request.params["HTTP_TRACEPARENT"] ?? "-") \(request.params["AGAIN"] ?? "-")"), .end()]
        }
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            location: "fastcgi_param HTTP_TRACEPARENT $traceparent; fastcgi_param AGAIN $traceparent;")
        func ask(_ fields: String) throws -> [String] {
            try harness.ask("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n").text.split(separator: " ").map(String.init)
        }
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        #expect(try ask("Traceparent: \(given)\r\n") == [given, given])
        var seen: Set<String> = []
        for fields in [
            "", "traceparent: nonsense\r\n",
            "traceparent: 00-\(String(repeating: "0", count: 32))-00f067aa0ba902b7-01\r\n",
            "traceparent: \(given)\r\ntraceparent: \(given)\r\n", "traceparent: \(given.uppercased())\r\n",
        ] {
            let made = try ask(fields)
            #expect(made.count == 2 && made[0] == made[1])
            #expect(Exchange.isTraceParent(Array(made[0].utf8)))
            seen.insert(made[0])
        }
        #expect(seen.count == 5)
    }
}
