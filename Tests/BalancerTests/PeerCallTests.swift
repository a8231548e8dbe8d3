import JSON
import TestSupport
import Testing

@testable import Balancer

/// `/lb/peers`: peers are added, drained and removed at run time.
struct PeerCallTests {
    private func set(_ harness: Harness, _ body: String, _ fields: String = Harness.token) throws -> RawClient.Response
    {
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
        #expect(try states(harness.peers()) == ["up", "up"])

        let added = try set(harness, "{\"upstream\":\"nodes\",\"address\":\"\(nodes[2].address)\",\"weight\":3}")
        #expect(added.status == 200)
        #expect(added.text.contains("\"weight\":3"))
        #expect(try answers(harness, 10) == ["0", "1", "2"])

        #expect(try set(harness, "{\"address\":\"\(nodes[0].address)\",\"state\":\"drain\"}").status == 200)
        #expect(try answers(harness) == ["1", "2"])
        try nodes[0].waitUntilDisconnected()
        #expect(try states(harness.peers()) == ["drain", "up", "up"])

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
        // The last peer of an upstream cannot be removed, so add another one first.
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
        let harness = try Harness([node.address])
        let good = "\"address\":\"127.0.0.1:9\""
        #expect(try set(harness, "{\(good)}", "").status == 401)
        #expect(try harness.get("/lb/peers").status == 401)
        for (body, status) in [
            ("{}", 400), ("[]", 400), ("{\"address\":\"somewhere\"}", 400), ("{\(good),\"upstream\":\"x\"}", 400),
            ("{\"address\":\"127.0.0.1:0\"}", 400), ("{\"address\":\"unix:here\"}", 400),
            ("{\"address\":\"unix:/a\\nb\"}", 400),
            ("{\"address\":\"unix:/\(String(repeating: "a", count: 107))\"}", 400), ("{\(good),\"backup\":1}", 400),
            ("{\"address\":\"\(node.address)\",\"weight\":2}", 400),
            ("{\(good),\"state\":\"gone\"}", 400), ("{\(good),\"weight\":0}", 400), ("{\(good),\"weight\":\"2\"}", 400),
            ("{\(good),\"state\":\"drain\"}", 404), ("{\(good)}", 200),
        ] {
            #expect(try set(harness, body).status == status, "\(body)")
        }
        let wrong = "DELETE /lb/peers HTTP/1.1\r\nHost: a\r\n\(Harness.token)\r\n"
        #expect(try harness.ask(wrong).field("Allow") == "GET, HEAD, POST")
    }
}
