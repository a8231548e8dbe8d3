import Glibc
import TestSupport
import Testing

@testable import Balancer

/// What holds for a client's connection.
struct ClientRuleTests {
    @Test func `the highest rate of all holds nothing back`() throws {
        let node = try TestResponder { request in
            let rate = request.uri == "/own" ? "X-Accel-Limit-Rate: \(Int.max)\r\n" : ""
            // So that some of it is sent a while after the request.
            return [
                .stdout("\(rate)\r\n" + String(repeating: "a", count: 64_000)), .sleep(.milliseconds(20)),
                .stdout(String(repeating: "a", count: 64_000)), .end(),
            ]
        }
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            server: "location /most { fastcgi_pass nodes; limit_rate \(Int.max); limit_rate_after \(Int.max); }")
        for path in ["/own", "/most"] { #expect(try harness.get(path).body.count == 128_000) }
    }

    @Test func `limit_rate holds a response back, also when the node asks for it`() throws {
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

    @Test func `reset_timedout_connection drops what a client does not take`() throws {
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
            usleep(400_000)
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            var count = 1
            while count > 0 { count = recv(client.descriptor, &chunk, chunk.count, 0) }
            #expect((count < 0) == isReset)
        }
    }

    @Test func `a client that takes nothing is given up after send_timeout, also when its body comes meanwhile`() throws
    {
        let node = try TestResponder(answersEarly: true) { _ in
            [.stdout("\r\n"), .bytes([UInt8](repeating: 0x61, count: 16 << 20)), .end()]
        }
        defer { node.stop() }
        let harness = try Harness(
            [node.address], server: "send_timeout 300ms;",
            location: "fastcgi_request_buffering off; fastcgi_buffering off; client_body_buffer_size 1;")
        let client = try RawClient(harness.address, receiveBuffer: 64 * 1024)
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
        usleep(150_000)
        client.send("world")
        #expect(try eventually { try harness.get("/lb/stats").text.contains("\"active\":1") })
        #expect(try eventually(within: .seconds(3)) { try harness.get("/lb/stats").text.contains("\"active\":0") })
    }

    @Test func `keepalive_timeout is that of the request's location`() throws {
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
        #expect(try short.isAtEnd)
        #expect(ContinuousClock.now - start < .seconds(10))
        long.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try long.response().status == 200)
    }

    @Test func `lingering_close off closes at once`() throws {
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

    @Test func `max_headers and the Server header are the administrator's`() throws {
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
}
