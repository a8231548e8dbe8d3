import TestSupport
import Testing

/// Malformed requests and responses through real sockets. Some are attacks: request smuggling and header injection.
struct MalformedInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let request: String
        let status: Int
        var testDescription: String { name }

        init(_ name: String, _ status: Int, _ request: String) {
            self.name = name
            self.status = status
            self.request = request
        }
    }

    /// One case for each status and each part of a request. HTTPWireTests tests many more malformed requests without
    /// sockets.
    static let refused: [Case] = [
        Case(
            "Content-Length with Transfer-Encoding", 400,
            post("Content-Length: 3\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
        Case("an unknown Transfer-Encoding", 501, post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n")),
        Case("two Hosts", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        Case("a NUL", 400, get("X-A: a\0b")),
        Case("a chunk size that is no hex", 400, post("Transfer-Encoding: chunked", "0x3\r\nabc\r\n0\r\n\r\n")),
        Case("a chunk longer than its size", 400, post("Transfer-Encoding: chunked", "3\r\nabcd\r\n0\r\n\r\n")),
        Case("CONNECT", 405, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("TRACE", 405, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("HTTP/2 in clear", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Case("HTTP/0.9", 400, "GET /\r\n\r\n"),
        Case("a path above the root", 400, "GET /a/%2e%2e/../b HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("a request line beyond 8 KiB", 414, "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\n\r\n"),
        Case("a head beyond 32 KiB", 431, get("X-A: \(String(repeating: "a", count: 40_000))")),
        Case("101 header lines", 431, get((0..<101).map { "X-\($0): 1" }.joined(separator: "\r\n"))),
        Case("another expectation", 417, post("Content-Length: 1\r\nExpect: tea", "a")),
        Case("a body beyond client_max_body_size", 413, post("Content-Length: 5000000", "")),
    ]

    private static func get(_ fields: String) -> String { "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n" }

    private static func post(_ fields: String, _ body: String) -> String {
        "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n\(body)"
    }

    @Test(arguments: refused) func `a bad request gets a problem document, and the connection is closed`(_ odd: Case)
        throws
    {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address])
        let client = try harness.client()
        client.send(odd.request)
        let response = try client.response()
        #expect(response.status == odd.status)
        #expect(response.field("Content-Type") == "application/problem+json")
        #expect(response.field("X-Request-Id") != nil)
        #expect(response.field("Connection") == "close")
        let allowed = odd.status == 405 ? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" : nil
        #expect(response.field("Allow") == allowed)
        client.endOfInput()
        #expect(try client.endsWithoutResponse())
        #expect(node.requests.isEmpty)
    }

    @Test func `bytes after a refused request on the same connection are ignored`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address])
        let client = try harness.client()
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send("0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response().status == 400)
        client.endOfInput()
        #expect(try client.readToEnd() == "")
        #expect(node.requests.isEmpty)
    }

    @Test func `the refusal of a body that is too large names no limit`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address], http: "client_max_body_size 17m;")
        let response = try harness.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 17825793\r\n\r\n")
        #expect(response.status == 413)
        #expect(response.text.contains("\"detail\":\"The body is larger than this server takes.\""))
    }

    @Test func `an absolute target overrides the Host header`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address])
        #expect(try harness.ask("GET http://other/x?y HTTP/1.1\r\nHost: test\r\n\r\n").status == 200)
        #expect(node.requests.first?.params["HTTP_HOST"] == "other")
        #expect(node.requests.first?.params["REQUEST_URI"] == "/x?y")
    }

    /// One case for each part of a response. FastCGIWireTests tests many more malformed responses without sockets.
    static let badAnswers: [(String, [TestResponder.Step])] = [
        ("a NUL in a header", [.stdout("X-A: a\0b\r\n\r\n"), .end()]),
        ("an end within the header", [.stdout("X-A: a\r\n"), .end()]),
        ("a close before the response", [.close]),
        ("bytes that are no FastCGI", [.raw(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)), .close]),
        ("a record of another request", [.raw([1, 6, 0, 2, 0, 2, 0, 0, 13, 10]), .end()]),
        ("an endless header", [.stdout("X-A: \(String(repeating: "a", count: 70_000))\r\n\r\n"), .end()]),
    ]

    @Test(arguments: badAnswers) func `an invalid response of a node is a 502`(
        _ answer: (name: String, steps: [TestResponder.Step])
    ) throws {
        let node = try TestResponder { _ in answer.steps }
        defer { node.stop() }
        let harness = try Harness([node.address])
        let response = try harness.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
        #expect(response.status == 502, "\(answer.name)")
        #expect(response.field("Content-Type") == "application/problem+json")
        #expect(node.requests.count == 1)
    }

    @Test func `a node's body is cut at its Content-Length, and a shorter one closes the client's connection`() throws {
        let node = try TestResponder { request in
            [.stdout("Content-Length: 5\r\n\r\n\(request.uri == "/long" ? "hello world" : "hel")"), .end()]
        }
        defer { node.stop() }
        let harness = try Harness([node.address])
        #expect(try harness.get("/long").text == "hello")
        let client = try harness.client()
        client.send("GET /short HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(throws: RawClient.Failure.self) { try client.response() }
    }

    @Test func `a node's bytes on an idle connection close the connection`() throws {
        let gate = Gate(isOpen: false)
        let node = try TestResponder { request in
            request.uri == "/1"
                ? [.stdout("\r\nok"), .end(), .pass(gate), .raw([1, 6, 0, 1, 0, 2, 0, 0, 65, 66])]
                : [.stdout("\r\nok"), .end()]
        }
        defer { node.stop() }
        let harness = try Harness([node.address])
        #expect(try harness.get("/1").text == "ok")
        try harness.waitForStats("\"idle\":1")
        gate.open()
        try harness.waitForStats("\"idle\":0")
        try node.waitUntilDisconnected()
        #expect(try harness.get("/2").text == "ok")
        #expect(node.connections == 2)
    }

    @Test func `a header or a body that comes too slowly gets 408`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address], http: "client_header_timeout 200ms; client_body_timeout 200ms;")
        let slow = try harness.client()
        slow.send("GET / HTTP/1.1\r\nHo")
        #expect(try slow.response().status == 408)
        let silent = try harness.client()
        #expect(try silent.endsWithoutResponse())
        let body = try harness.client()
        body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
        #expect(try body.response().status == 408)
        #expect(node.requests.isEmpty)
    }
}
