import JSON
import Reactor
import Testing

/// What a node gets for a client's request, and what the client gets for the node's response.
struct ProxyTests {
    @Test func `a node gets a GET, and the client gets its response`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address])
        let response = try harness.get("/a/../b%20c?x=1&y")
        #expect(response.status == 200)
        #expect(response.text == "hello")
        #expect(response.field("Content-Type") == "text/plain")
        #expect(response.field("X-Request-Id")?.count == 32)
        #expect(response.field("Date") != nil)
        let request = try #require(node.requests.first)
        #expect(request.params["REQUEST_URI"] == "/a/../b%20c?x=1&y")
        #expect(request.params["DOCUMENT_URI"] == "/b c")
        #expect(request.params["QUERY_STRING"] == "x=1&y")
        #expect(request.params["REMOTE_ADDR"] == "127.0.0.1")
        #expect(request.params["HTTP_HOST"] == "test")
        #expect(request.params["CONTENT_LENGTH"] == "")
    }

    @Test func `a node gets a POST with its body, over TCP and over a unix socket`() throws {
        let nodes = [
            try TestResponder(echo), try TestResponder(at: .ipv4(0x7F00_0001, port: 0), echo),
            try TestResponder(at: .ipv6(0, 1, port: 0), echo),
        ]
        defer { for node in nodes { node.stop() } }
        for node in nodes {
            let harness = try Harness([node.address])
            let response = try harness.ask(
                "POST /p HTTP/1.1\r\nHost: test\r\nContent-Type: text/x\r\nContent-Length: 11\r\n\r\nhello world")
            #expect(response.text == "hello world")
            #expect(node.requests.first?.params["CONTENT_LENGTH"] == "11")
            #expect(node.requests.first?.params["CONTENT_TYPE"] == "text/x")
        }
    }

    @Test func `a connection to a node is kept and reused`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address])
        let client = try harness.client()
        for _ in 0..<5 {
            client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(try client.response().text == "hello")
        }
        #expect(node.connections == 1)
        #expect(node.requests.count == 5)
    }

    @Test func `pipelined requests are answered in order`() throws {
        let node = try TestResponder { request in
            [.stdout("\r\n\(request.uri)"), .end()]
        }
        defer { node.stop() }
        let harness = try Harness([node.address])
        let client = try harness.client()
        client.send((0..<50).map { "GET /\($0) HTTP/1.1\r\nHost: test\r\n\r\n" }.joined())
        for number in 0..<50 { #expect(try client.response().text == "/\(number)") }
    }

    @Test func `a chunked body arrives completely, with its length`() throws {
        let node = try TestResponder(echo)
        defer { node.stop() }
        let harness = try Harness([node.address])
        let client = try harness.client()
        client.send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
        client.send("lo\r\n6;ext=1\r\n world\r\n")
        client.send("0\r\nTrailer: dropped\r\n\r\n")
        #expect(try client.response().text == "hello world")
        #expect(node.requests.first?.params["CONTENT_LENGTH"] == "11")
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(try client.response().status == 200)
    }

    @Test func `a client that expects 100 Continue gets it once before its body`() throws {
        let node = try TestResponder(echo)
        defer { node.stop() }
        let harness = try Harness([node.address])
        let client = try harness.client()
        client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        #expect(try client.response().status == 100)
        client.send("body")
        let response = try client.response()
        #expect(response.status == 200)
        #expect(response.text == "body")
        #expect(node.requests.first?.params["HTTP_EXPECT"] == nil)
    }

    @Test func `a large body streams through in both directions`() throws {
        let node = try TestResponder(echo)
        defer { node.stop() }
        let harness = try Harness([node.address], http: "client_max_body_size 0;")
        let client = try harness.client()
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        client.send("PUT / HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.count)\r\n\r\n")
        client.send(body)
        #expect(try client.response().body == body)
    }

    @Test func `a body of unknown length is chunked for HTTP 1.1 and ends with the connection for 1.0`() throws {
        let node = try TestResponder { _ in [.stdout("\r\nabc"), .stdout("def"), .end()] }
        defer { node.stop() }
        let harness = try Harness([node.address])
        let modern = try harness.get("/")
        #expect(modern.field("Transfer-Encoding") == "chunked")
        #expect(modern.text == "abcdef")
        let old = try harness.client()
        old.send("GET / HTTP/1.0\r\n\r\n")
        let text = try old.readToEnd()
        #expect(text.hasSuffix("\r\n\r\nabcdef"))
        #expect(text.contains("Connection: close"))
    }

    @Test func `HTTP 1.0 keeps the connection open when the client asks for it`() throws {
        let node = try TestResponder { _ in [.stdout("Content-Length: 2\r\n\r\nok"), .end()] }
        defer { node.stop() }
        let harness = try Harness([node.address])
        let client = try harness.client()
        for _ in 0..<2 {
            client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let response = try client.response()
            #expect(response.field("Connection") == "keep-alive")
            #expect(response.text == "ok")
        }
    }

    @Test func `HEAD gets the head only, and the connection stays open`() throws {
        let node = try TestResponder { _ in [.stdout("Content-Length: 5\r\n\r\nhello"), .end()] }
        defer { node.stop() }
        let harness = try Harness([node.address])
        let client = try harness.client()
        client.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\nGET / HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(try client.response(isHead: true).field("Content-Length") == "5")
        #expect(try client.response().text == "hello")
    }

    @Test func `request headers become FastCGI params`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address])
        _ = try harness.ask(
            """
            GET / HTTP/1.1\r\nHost: Test:80\r\nX-One: 1\r\nX-Two: a\r\nx-two: b\r\nCookie: a=1\r\nCookie: b=2\r\n\
            Proxy: evil\r\nX_Under: no\r\nX-Set: client\r\nConnection: x-gone\r\nX-Gone: 1\r\nTE: trailers\r\n\r\n
            """)
        let request = try #require(node.requests.first)
        #expect(request.params["HTTP_X_ONE"] == "1")
        #expect(request.params["HTTP_X_TWO"] == "a, b")
        #expect(request.params["HTTP_COOKIE"] == "a=1; b=2")
        #expect(request.params["HTTP_X_SET"] == "fixed")
        for name in ["HTTP_PROXY", "HTTP_X_UNDER", "HTTP_X_GONE", "HTTP_CONNECTION", "HTTP_TE", "HTTP_CONTENT_LENGTH"] {
            #expect(request.params[name] == nil, "\(name)")
        }
        #expect(Set(request.names).count == request.names.count)
    }

    @Test func `a valid request id of the client is kept`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address])
        let sane = try harness.ask("GET / HTTP/1.1\r\nHost: test\r\nX-Request-Id: abc-1\r\n\r\n")
        #expect(sane.field("X-Request-Id") == "abc-1")
        let odd = try harness.ask("GET / HTTP/1.1\r\nHost: test\r\nX-Request-Id: a b<\r\n\r\n")
        #expect(odd.field("X-Request-Id")?.count == 32)
    }

    @Test func `the node's status, reason and headers are passed on, except hop-by-hop and X-Accel headers`() throws {
        let node = try TestResponder { _ in
            [
                .stdout(
                    "Status: 418 Short and stout\r\nX-A: 1\r\nX-A: 2\r\nX-Accel-Expires: 5\r\nConnection: x\r\n\r\n"
                ),
                .end(),
            ]
        }
        defer { node.stop() }
        let harness = try Harness([node.address])
        let response = try harness.get("/")
        #expect(response.status == 418)
        #expect(response.fields.filter { $0.name == "X-A" }.map(\.value) == ["1", "2"])
        #expect(response.field("X-Accel-Expires") == nil)
        #expect(response.field("Connection") == nil)
    }

    @Test func `fastcgi_hide_header and fastcgi_pass_header decide which headers the client gets`() throws {
        let node = try TestResponder { _ in
            [.stdout("X-Powered-By: x\r\nX-Kept: y\r\nX-Accel-Expires: 1\r\nX-Accel-Charset: z\r\n\r\n"), .end()]
        }
        defer { node.stop() }
        let harness = try Harness(
            [node.address], http: "fastcgi_hide_header x-powered-by; fastcgi_pass_header X-Accel-Expires;")
        let response = try harness.get("/")
        #expect(response.field("X-Powered-By") == nil)
        #expect(response.field("X-Kept") == "y")
        #expect(response.field("X-Accel-Expires") == "1")
        #expect(response.field("X-Accel-Charset") == nil)
    }

    @Test func `fastcgi_buffer_size limits the size of a response's header`() throws {
        let node = try TestResponder { _ in
            [.stdout("X-Large: \(String(repeating: "x", count: 40_000))\r\n\r\nhi"), .end()]
        }
        defer { node.stop() }
        for (size, status) in [("64k", 200), ("16k", 502)] {
            let harness = try Harness([node.address], http: "fastcgi_buffer_size \(size);")
            #expect(try harness.get("/").status == status)
        }
    }
}
