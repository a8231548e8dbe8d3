import Testing

/// `return`, `if`, `add_header`, access rules and `internal`.
struct AnswerTests {
    private static func harness(
        _ node: TestResponder, server: String = "", location: String = "", calls: String = "stub_status balancer;"
    ) throws -> Harness {
        try Harness([node.address], server: server, location: location, calls: calls)
    }

    @Test func `return sends a text, a status or a redirect, or closes the connection`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Self.harness(
            node,
            server: """
                types { application/json json; }
                location /text { return 200 "you are $arg_name\\n"; }
                location /list.json { return 200 "[]"; }
                location /gone { return 410; }
                location /teapot { return 418 "short"; }
                location /moved { return 301 /new$is_args$args; }
                location /away { return https://example.com/; }
                location /empty { return 204; }
                location /closed { return 444; }
                """)
        let text = try harness.get("/text?name=me")
        #expect((text.status, text.text, text.field("Content-Type")) == (200, "you are me\n", "text/plain"))
        #expect(text.field("Cache-Control") == nil)
        #expect(try harness.get("/list.json").field("Content-Type") == "application/json")
        let gone = try harness.get("/gone")
        #expect((gone.status, gone.field("Content-Type")) == (410, "application/problem+json"))
        #expect(try harness.get("/teapot").text == "short")
        let moved = try harness.get("/moved?a=b")
        #expect(moved.status == 301)
        #expect(moved.field("Location") == "http://test:\(harness.address.split(separator: ":")[1])/new?a=b")
        #expect(moved.body.isEmpty)
        #expect(try harness.get("/away").field("Location") == "https://example.com/")
        let empty = try harness.get("/empty")
        #expect((empty.status, empty.field("Content-Length"), empty.field("Content-Type")) == (204, nil, nil))
        let client = try harness.client()
        client.send("GET /closed HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.endsWithoutResponse())
        client.send("")
        let posting = try harness.client()
        posting.send("POST /closed HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
        #expect(try posting.endsWithoutResponse())
        #expect(node.requests.isEmpty)
    }

    @Test func `the connection stays open after return, with and without a request body`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Self.harness(node, server: "location /text { return 200 hi; }")
        let client = try harness.client()
        for _ in 0..<2 {
            client.send("POST /text HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try client.response().text == "hi")
            client.send("HEAD /text HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response(isHead: true).field("Content-Length") == "2")
        }
    }

    @Test func `if tests a variable, in the server before the location`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Self.harness(
            node,
            server: "if ($http_x_server) { return 503 server; }",
            location: """
                if ($request_method = DELETE) { return 405; }
                if ($arg_version != "2") { return 400 "old"; }
                if ($http_x_server) { return 200 location; }
                """)
        func ask(_ method: String, _ path: String, _ fields: String = "") throws -> RawClient.Response {
            try harness.ask("\(method) \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        }
        #expect(try ask("DELETE", "/?version=2").status == 405)
        #expect(try ask("GET", "/").text == "old")
        #expect(try ask("GET", "/?version=2").text == "hello")
        #expect(try ask("GET", "/?version=2", "X-Server: 0\r\n").text == "hello", "0 counts as false")
        #expect(try ask("GET", "/?version=2", "X-Server: 1\r\n").text == "server")
        #expect(try harness.get("/lb/health").status == 200)
        #expect(node.requests.count == 2)
    }

    @Test func `add_header is for successful responses, and with always for every response`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Self.harness(
            node,
            server: """
                add_header X-Outer a; add_header X-Method $request_method always; add_header X-None $arg_none;
                location /own { add_header X-Own b; return 200; }
                location /gone { return 410; }
                """)
        let usual = try harness.get("/")
        #expect((usual.field("X-Outer"), usual.field("X-Method"), usual.field("X-None")) == ("a", "GET", nil))
        let gone = try harness.get("/gone")
        #expect((gone.field("X-Outer"), gone.field("X-Method")) == (nil, "GET"))
        let own = try harness.get("/own")
        #expect((own.field("X-Own"), own.field("X-Outer"), own.field("X-Method")) == ("b", nil, nil))
    }

    @Test func `the first allow or deny rule that matches decides, for /lb/ calls too`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Self.harness(
            node,
            server: """
                set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;
                """,
            location: "deny 192.0.2.1; allow 192.0.2.0/24; deny 0.0.0.0/0;",
            calls: "stub_status balancer; allow 192.0.2.1; deny all;")
        func status(_ path: String, _ client: String) throws -> Int {
            try harness.ask("GET \(path) HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: \(client)\r\n\r\n").status
        }
        #expect(try status("/", "192.0.2.1") == 403)
        #expect(try status("/", "192.0.2.2") == 200)
        #expect(try status("/", "198.51.100.1") == 403)
        #expect(try status("/", "2001:db8::1") == 200)
        #expect(try status("/lb/health", "192.0.2.1") == 200)
        #expect(try status("/lb/health", "192.0.2.2") == 403)
        #expect(node.requests.count == 2)
    }

    @Test func `a client gets 404 for an internal location`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Self.harness(node, server: "location /inside { internal; return 200; }")
        #expect(try harness.get("/inside").status == 404)
    }
}
