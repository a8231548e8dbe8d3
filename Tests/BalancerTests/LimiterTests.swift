import TestSupport
import Testing

/// `limit_req`, `limit_conn`, and the client's address that they use.
struct LimiterTests {
    private static let zone = "limit_req_zone $binary_remote_addr zone=clients:1m rate=6r/m; limit_req_status 429;"

    @Test func `a request beyond the burst gets 429 with Retry-After, and the connection stays open`() throws {
        let node = try TestResponder(echo)
        defer { node.stop() }
        let harness = try Harness([node.address], http: Self.zone, location: "limit_req zone=clients burst=2 nodelay;")
        let client = try harness.client()
        for _ in 0..<3 {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
            #expect(try client.response().status == 200)
        }
        for _ in 0..<2 {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
            let refused = try client.response()
            #expect(refused.status == 429)
            #expect(refused.field("Content-Type") == "application/problem+json")
            #expect(refused.field("Retry-After") == "10")
            #expect(refused.field("RateLimit-Policy") == "\"clients\";q=3;w=30")
            #expect(refused.field("RateLimit") == "\"clients\";r=0;t=10")
        }
        #expect(node.requests.count == 3)
        #expect(try harness.get("/lb/health").status == 200, "/lb/ has no limit")
        #expect(try harness.get("/lb/stats").text.contains("\"rate_limited_total\":2"))
    }

    @Test func `without nodelay a request is delayed`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            [node.address], http: "limit_req_zone $binary_remote_addr zone=clients:1m rate=10r/s;",
            location: "limit_req zone=clients burst=5;")
        let start = ContinuousClock.now
        for _ in 0..<3 { #expect(try harness.get("/").status == 200) }
        #expect(ContinuousClock.now - start > .milliseconds(150))
    }

    @Test func `a forwarded address is used only from a trusted proxy`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let limit = "limit_req zone=clients nodelay;"
        let trusting = try Harness(
            [node.address], http: Self.zone + "set_real_ip_from 127.0.0.0/8; real_ip_header X-Forwarded-For;",
            location: limit)
        for last in 1...3 { #expect(try ask(trusting, "192.0.2.\(last)").status == 200) }
        #expect(node.requests.last?.params["REMOTE_ADDR"] == "192.0.2.3")
        #expect(node.requests.last?.params["REMOTE_PORT"] == "")
        #expect(try ask(trusting, "192.0.2.3").status == 429)
        let wary = try Harness([node.address], http: Self.zone, location: limit)
        #expect(try ask(wary, "192.0.2.1").status == 200)
        #expect(try ask(wary, "192.0.2.2").status == 429)
    }

    @Test func `a dry run refuses nothing`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            [node.address], http: Self.zone,
            location: "limit_req zone=clients; limit_req_dry_run on; fastcgi_param LIMIT $limit_req_status;")
        for expected in ["PASSED", "REJECTED_DRY_RUN"] {
            #expect(try harness.get("/").status == 200)
            #expect(node.requests.last?.params["LIMIT"] == expected)
        }
        #expect(try harness.get("/lb/stats").text.contains("\"rate_limited_total\":0"))
    }

    @Test func `limit_conn limits the requests of a client until their responses are sent or the client has gone`()
        throws
    {
        let gate = Gate(isOpen: false)
        defer { gate.open() }
        let node = try TestResponder { request in
            request.uri == "/slow"
                ? [.pass(gate), .stdout("\r\nslow"), .end()] : TestResponder.ok(request)
        }
        defer { node.stop() }
        let harness = try Harness(
            [node.address], http: "limit_conn_zone $binary_remote_addr zone=c:1m; limit_conn_status 429;",
            server: "location /other { return 200 $limit_conn_status; }",
            location: "limit_conn c 1; fastcgi_param LIMIT $limit_conn_status;")
        let slow = try harness.client()
        slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        try node.waitForRequests(1)
        let refused = try harness.get("/")
        #expect((refused.status, refused.field("Content-Type")) == (429, "application/problem+json"))
        #expect(try harness.get("/other").status == 200, "the location has no limit")
        gate.open()
        #expect(try slow.response().text == "slow")
        // A request stops counting when its response is sent, even if the connection stays open.
        slow.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try slow.response().text == "hello")
        #expect(node.requests.last?.params["LIMIT"] == "PASSED")
        // A request also stops counting when its client has disconnected.
        gate.close()
        var gone: RawClient? = try harness.client()
        gone!.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        try node.waitForRequests(3)
        gone = nil
        try eventually("a request passes the limit") { try harness.get("/").status == 200 }
    }

    @Test func `behind several trusted proxies each client has its own budget`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            http: Self.zone + """
                set_real_ip_from 127.0.0.0/8; set_real_ip_from 192.0.2.0/24;
                real_ip_header X-Forwarded-For; real_ip_recursive on;
                """,
            location: "limit_req zone=clients nodelay;")
        // `ask` sends two forwarded addresses. The first one is 10.0.0.1, the address of the client. The second one is
        // the argument of `ask`, the address of the last proxy.
        #expect(try ask(harness, "192.0.2.1").status == 200)
        #expect(node.requests.last?.params["REMOTE_ADDR"] == "10.0.0.1")
        #expect(try ask(harness, "192.0.2.2").status == 429)
        #expect(try ask(harness, "198.51.100.1").status == 200)
    }

    private func ask(_ harness: Harness, _ address: String) throws -> RawClient.Response {
        try harness.ask("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.1, \(address)\r\n\r\n")
    }
}
