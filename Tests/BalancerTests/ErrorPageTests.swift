import Testing

/// `error_page`.
struct ErrorPageTests {
    @Test func `a page replaces the balancer's own error, with the same status or another one`() throws {
        let harness = try Harness(
            ["unix:/tmp/nobody-listens-here.sock"],
            server: """
                error_page 502 /sorry; error_page 404 =200 /found?from=$uri; error_page 403 = /own;
                error_page 410 https://example.com/gone; error_page 405 =307 https://example.com/;
                location /sorry { internal; return 200 "sorry $request_method $uri $request_uri"; }
                location /found { return 404 "$uri $args"; }
                location /own { return 418 "own"; }
                location /missing { return 404; }
                location /forbidden { deny all; }
                location /gone { return 410; }
                location /wrong { return 405; }
                """)
        let sorry = try harness.ask("POST /x?y HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        #expect((sorry.status, sorry.text) == (502, "sorry GET /sorry /x?y"))
        let found = try harness.get("/missing?a=b")
        #expect((found.status, found.text) == (200, "/found from=/missing"))
        let own = try harness.get("/forbidden")
        #expect((own.status, own.text) == (418, "own"))
        let gone = try harness.get("/gone")
        #expect((gone.status, gone.field("Location")) == (302, "https://example.com/gone"))
        #expect(try harness.get("/wrong").status == 307)
        #expect(try harness.get("/sorry").text == "/found from=/sorry", "a client cannot ask for an internal location")
    }

    @Test func `a named location keeps the request unchanged, also for another upstream`() throws {
        let other = try TestResponder(echo)
        defer { other.stop() }
        let harness = try Harness(
            ["unix:/tmp/nobody-listens-here.sock"],
            http: "upstream others { server \(other.address); }",
            server: """
                location @other {
                    fastcgi_pass others; fastcgi_param REQUEST_METHOD $request_method;
                    fastcgi_param REQUEST_URI $request_uri; fastcgi_param CONTENT_LENGTH $content_length;
                }
                """,
            location: "error_page 502 = @other;")
        let client = try harness.client()
        for body in ["hi", String(repeating: "x", count: 60_000)] {
            client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            let response = try client.response()
            #expect((response.status, response.text) == (200, body))
        }
        #expect(other.requests.map { $0.params["REQUEST_METHOD"] } == ["POST", "POST"])
        #expect(other.requests.last?.uri == "/x")
        // A body can be sent to another upstream only if the balancer still has all of it.
        let long = String(repeating: "x", count: 1_000_000)
        let refused = try harness.ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n\(long)")
        #expect(refused.status == 200 && refused.text == long || refused.status == 502)
    }

    @Test func `a page replaces a node's error only with fastcgi_intercept_errors on`() throws {
        let node = try TestResponder { _ in
            [.stdout("Status: 500\r\nX-Made: node\r\n\r\nbroken"), .end()]
        }
        defer { node.stop() }
        let page = "error_page 500 @page; location @page { return 200 \"mended\"; }"
        let harness = try Harness([node.address], server: page, location: "fastcgi_intercept_errors on;")
        let client = try harness.client()
        for _ in 0..<3 {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try client.response()
            #expect((response.status, response.text, response.field("X-Made")) == (500, "mended", nil))
        }
        client.send(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 3))
        for _ in 0..<3 { #expect(try client.response().text == "mended", "pipelined") }
        #expect(node.requests.count == 6, "an intercepted error does not count as a failure of the node")
        let plain = try Harness([node.address], server: page)
        #expect(try plain.get("/").text == "broken")
    }

    @Test func `an error of the error page itself is the answer, also when the page is missing`() throws {
        let harness = try Harness(
            ["unix:/tmp/nobody-listens-here.sock"],
            server: """
                error_page 404 /gone; error_page 410 /missing; error_page 405 @nowhere;
                location /missing { return 404; } location /gone { return 410; } location /wrong { return 405; }
                """)
        #expect(try harness.get("/missing").status == 410)
        #expect(try harness.get("/gone").status == 404)
        #expect(try harness.get("/wrong").status == 405)
    }

    @Test func `a body that is too large gets the page of 413, and the connection is closed`() throws {
        let node = try TestResponder(echo)
        defer { node.stop() }
        let harness = try Harness(
            [node.address], http: "client_max_body_size 10;",
            server: "error_page 413 /large; location /large { return 200 large; } error_page 429 /node;")
        let client = try harness.client()
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n")
        let response = try client.response()
        #expect((response.status, response.text, response.field("Connection")) == (413, "large", "close"))
        let chunked = try harness.ask(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n0\r\n\r\n")
        #expect((chunked.status, chunked.text) == (413, "large"))
    }

    @Test func `the limits count a request once, also when it gets an error page`() throws {
        let node = try TestResponder(echo)
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            http: """
                limit_req_zone $binary_remote_addr zone=r:1m rate=1r/m; limit_conn_zone $binary_remote_addr zone=c:1m;
                """,
            server: """
                limit_req zone=r; limit_req_status 429; limit_conn c 1; error_page 429 =200 /busy; error_page 404 /none;
                location /busy { return 200 "busy $limit_req_status"; }
                location /none { return 200 "none"; }
                location /lost { return 404; }
                """)
        #expect(try harness.get("/").status == 200)
        #expect(try harness.get("/").text == "busy REJECTED")
    }
}
