import Glibc
import TestSupport
import Testing
import Threading

@testable import Balancer

/// Limits and time-outs of a client's connection.
struct ClientRuleTests {
    @Test func `the highest possible limit_rate delays nothing`() throws {
        let node = try TestResponder { request in
            let rate = request.uri == "/own" ? "X-Accel-Limit-Rate: \(Int.max)\r\n" : ""
            // The second part is sent some milliseconds after the request. By then, the number of bytes that the rate
            // allows exceeds `Int.max`.
            return [
                .stdout("\(rate)\r\n" + String(repeating: "a", count: 64_000)), .sleep(.milliseconds(5)),
                .stdout(String(repeating: "a", count: 64_000)), .end(),
            ]
        }
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            server: "location /max { fastcgi_pass nodes; limit_rate \(Int.max); limit_rate_after \(Int.max); }")
        for path in ["/own", "/max"] { #expect(try harness.get(path).body.count == 128_000) }
    }

    @Test func `limit_rate delays a response, also when the node sets it`() throws {
        let node = try TestResponder { request in
            let rate = request.uri == "/own" ? "X-Accel-Limit-Rate: 40000\r\n" : ""
            return [.stdout("\(rate)\r\n" + String(repeating: "a", count: 64_000)), .end()]
        }
        defer { node.stop() }
        let folder = TemporaryFolder()
        try folder.write(String(repeating: "b", count: 64_000), to: "file.txt")
        let harness = try Harness(
            [node.address],
            server: """
                location /slow { fastcgi_pass nodes; limit_rate 40000; }
                location /after { fastcgi_pass nodes; limit_rate 100; limit_rate_after 70000; }
                location /file { root \(folder.path); limit_rate 40000; }
                """)
        for (path, isSlow) in [("/", false), ("/slow", true), ("/own", true), ("/after", false), ("/file.txt", true)] {
            let start = ContinuousClock.now
            let response = try harness.get(path)
            #expect(response.body.count == 64_000)
            #expect((ContinuousClock.now - start > .milliseconds(400)) == isSlow, "\(path)")
        }
    }

    @Test func `reset_timedout_connection resets the connection of a client that does not read`() throws {
        let folder = TemporaryFolder()
        try folder.write(String(repeating: "b", count: 8 << 20), to: "file.txt")
        for (setting, isReset) in [("on", true), ("off", false)] {
            let harness = try Harness(
                ["unix:/none"],
                server: """
                    reset_timedout_connection \(setting); send_timeout 100ms;
                    location /file { root \(folder.path); }
                    """)
            let client = try RawClient(harness.address, receiveBuffer: 64 * 1024)
            client.send("GET /file.txt HTTP/1.1\r\nHost: a\r\n\r\n")
            // Wait until the balancer has closed the client's connection. After that, the only connection is the one
            // that `wait` opens.
            try harness.wait(for: "/lb/metrics", toContain: "millrace_lb_connections 1\n")
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            var count = 1
            while count > 0 { count = recv(client.descriptor, &chunk, chunk.count, 0) }
            #expect((count < 0) == isReset)
        }
    }

    @Test func `send_timeout ends a client that does not read, also while it sends its body`() throws {
        let node = try TestResponder(answersEarly: true) { _ in
            [.stdout("\r\n"), .bytes([UInt8](repeating: 0x61, count: 16 << 20)), .end()]
        }
        defer { node.stop() }
        let harness = try Harness(
            [node.address], server: "send_timeout 300ms;",
            location: "fastcgi_request_buffering off; fastcgi_buffering off; client_body_buffer_size 1;")
        let client = try RawClient(harness.address, receiveBuffer: 64 * 1024)
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
        // The rest of the body arrives after half of send_timeout. Its arrival must not restart the time-out.
        sleepCurrentThread(for: .milliseconds(150))
        client.send("world")
        try harness.waitForStats("\"active\":1")
        try harness.waitForStats("\"active\":0")
    }

    @Test func `the location of the last request sets keepalive_timeout`() throws {
        let harness = try Harness(
            ["unix:/none"],
            server: """
                keepalive_timeout 60s;
                location /short { keepalive_timeout 50ms; return 200 x; }
                location /long { return 200 x; }
                """)
        let (short, long) = (try harness.client(), try harness.client())
        long.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try long.response().status == 200)
        short.send("GET /short HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try short.response().status == 200)
        let start = ContinuousClock.now
        #expect(try short.endsWithoutResponse())
        #expect(ContinuousClock.now - start < .seconds(10))
        long.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try long.response().status == 200)
    }

    @Test func `with lingering_close off the connection is closed at once`() throws {
        let harness = try Harness(
            ["unix:/none"],
            server:
                "location /off { lingering_close off; return 200 x; } location /on { lingering_timeout 1s; return 200 x; }"
        )
        for (path, lingers) in [("/off", false), ("/on", true)] {
            let client = try harness.client()
            client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5000\r\n\r\n")
            #expect(try client.response().status == 200)
            let isOpen = try harness.get("/lb/metrics").text.contains("millrace_lb_connections 2\n")
            #expect(isOpen == lingers, "\(path)")
        }
    }

    @Test func `max_headers and server_tokens set the limit and the Server header`() throws {
        let harness = try Harness(
            ["unix:/none"], server: "max_headers 3; server_tokens \"mine $host\"; location /x { return 200 x; }")
        func ask(_ count: Int) throws -> RawClient.Response {
            let fields = (0..<count).map { "X-\($0): a\r\n" }.joined()
            return try harness.ask("GET /x HTTP/1.1\r\nHost: b\r\n\(fields)\r\n")
        }
        #expect(try ask(2).field("Server") == "mine b")
        #expect(try ask(3).status == 431)
        let standard = try Harness(["unix:/none"], server: "server_tokens on; location /x { return 200 x; }")
        #expect(try standard.get("/x").field("Server") == "millrace")
    }

    @Test
    func `a connection is closed after keepalive_requests, or after the first request that follows keepalive_time`()
        throws
    {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address], http: "keepalive_requests 2;")
        let client = try harness.client()
        for closes in [nil, "close"] {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response().field("Connection") == closes)
        }
        #expect(try client.endsWithoutResponse())
        let brief = try Harness([node.address], http: "keepalive_time 50ms;")
        let second = try brief.client()
        second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try second.response().field("Connection") == nil)
        // Wait for longer than keepalive_time.
        sleepCurrentThread(for: .milliseconds(60))
        second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try second.response().field("Connection") == "close")
    }

    @Test func `large_client_header_buffers limits the size of a head`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address], http: "large_client_header_buffers 2 1k;")
        func ask(path: Int, field: Int) throws -> Int {
            let (path, field) = (String(repeating: "p", count: path), String(repeating: "f", count: field))
            return try harness.ask("GET /\(path) HTTP/1.1\r\nHost: a\r\nX-A: \(field)\r\n\r\n").status
        }
        #expect(try ask(path: 900, field: 900) == 200)
        #expect(try ask(path: 1100, field: 1) == 414)
        #expect(try ask(path: 900, field: 1200) == 431)
        let roomy = try Harness([node.address], http: "large_client_header_buffers 8 32k;")
        let path = String(repeating: "p", count: 20_000)
        #expect(
            try roomy.ask("GET /\(path) HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: \(path)\r\n", count: 3))\r\n")
                .status
                == 200)
    }
}
