import TestSupport
import Testing

@testable import Balancer

/// `fastcgi_request_buffering` and `fastcgi_buffering`.
struct BufferingTests {
    private static let large = [UInt8]((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) })

    private func head(_ size: Int) -> String { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n" }

    @Test func `a node gets a request when its body is complete, whatever the size`() throws {
        let node = try TestResponder(echo)
        defer { node.stop() }
        let harness = try Harness(
            [node.address], http: "client_max_body_size 100m; client_body_temp_path /tmp/mr-bodies;")
        let client = try harness.client()
        client.send(head(Self.large.count))
        client.send(Array(Self.large.dropLast(1000)))
        try never("the node gets the request", for: .milliseconds(50)) {
            try harness.get("/lb/stats").text.contains("\"active\":1")
        }
        client.send(Array(Self.large.suffix(1000)))
        #expect(try client.response().body == Self.large)
        // The client's connection and the node's connection stay usable.
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response().body.isEmpty)
        #expect(node.connections == 1)
    }

    @Test func `the node gets the length of a chunked body`() throws {
        let node = try TestResponder {
            [.stdout("\r\n\($0.params["CONTENT_LENGTH"] ?? "-") \($0.body.count)"), .end()]
        }
        defer { node.stop() }
        let harness = try Harness([node.address])
        let client = try harness.client()
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 0..<3 {
            client.send("EA60\r\n" + String(repeating: "x", count: 60_000) + "\r\n")
        }
        client.send("0\r\n\r\n")
        #expect(try client.response().text == "180000 180000")
    }

    @Test func `a second node gets the whole body too`() throws {
        let bad = try TestResponder { _ in [.close] }
        let good = try TestResponder(echo)
        defer { for node in [bad, good] { node.stop() } }
        let harness = try Harness(
            [bad.address, "\(good.address) backup"], http: "client_max_body_size 100m;",
            location: "fastcgi_next_upstream error non_idempotent;")
        let client = try harness.client()
        client.send(head(Self.large.count))
        client.send(Self.large)
        #expect(try client.response().body == Self.large)
        #expect(bad.requests.count == 1)
    }

    @Test(arguments: [true, false]) func `a slow client delays the node only with fastcgi_buffering off`(
        isBuffering: Bool
    ) throws {
        let size = 20 << 20
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        let node = try TestResponder { _ in
            [.stdout("Content-Length: \(size)\r\n\r\n")]
                + Array(repeating: TestResponder.Step.bytes(piece), count: 20) + [.end()]
        }
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            location: "fastcgi_buffering \(isBuffering ? "on" : "off"); fastcgi_temp_path /tmp/mr-bodies;")
        let client = try RawClient(harness.address, receiveBuffer: 16 * 1024)
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try expectNode(isFree: isBuffering, harness)
        let response = try client.response()
        #expect(response.body.count == size)
        #expect(response.body.allSatisfy { $0 == 0x61 })
        client.send("GET /lb/health HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response().status == 200)
    }

    /// The node's connection becomes idle when the node has sent its whole response. If `isFree` is true, checks that
    /// this happens while the client reads nothing. If `isFree` is false, checks that it does not happen.
    private func expectNode(isFree: Bool, _ harness: Harness) throws {
        let idle = "\"active\":0,\"idle\":1"
        if isFree { return try harness.waitForStats(idle) }
        try never("the node is idle", for: .milliseconds(200)) { try harness.get("/lb/stats").text.contains(idle) }
    }

    @Test func `a full disk cuts one response short, and no other request fails`() throws {
        let piece = String(repeating: "a", count: 1000)
        let node = try TestResponder { request in
            if request.uri == "/small" { return TestResponder.ok(request) }
            return [.stdout("\r\n")] + Array(repeating: .stdout(piece), count: 12_000) + [.end()]
        }
        defer { node.stop() }
        let folder = TemporaryFolder()
        let port = freePort()
        let file = try folder.write(
            Harness.text(
                [node.address], location: "fastcgi_temp_path \(folder.path)/bodies;", listen: "127.0.0.1:\(port)"),
            to: "balancer.conf")
        // A limit on the size of files acts like a full disk. It is 2000 blocks of 512 or 1024 bytes, depending on the
        // shell.
        let balancer = try Program(
            "/bin/sh",
            [
                "-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\" balancer -c \"$1\" -p \"$2\"",
                builtExecutable("millrace"), file, folder.path,
            ])
        try eventually("the balancer listens") { isListening(port) }
        let address = "127.0.0.1:\(port)"
        for round in 1...3 {
            let client = try RawClient(address, receiveBuffer: 16 * 1024)
            client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            // If the response were not cut short, the node's connection would stay open.
            try eventually("the node's connection \(round) is closed") {
                node.connections == round && node.openConnections == 0
            }
            withExtendedLifetime(client) {}
        }
        let other = try RawClient(address)
        other.send("GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try other.response().text == "hello")
        withExtendedLifetime(balancer) {}
    }

    @Test func `X-Accel-Buffering no switches buffering off, unless the header is ignored`() throws {
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        let node = try TestResponder { _ in
            [.stdout("X-Accel-Buffering: no\r\n\r\n")] + Array(repeating: .bytes(piece), count: 12) + [.end()]
        }
        defer { node.stop() }
        for (location, isBuffering) in [("", false), ("fastcgi_ignore_headers X-Accel-Buffering;", true)] {
            let harness = try Harness([node.address], location: location)
            let client = try RawClient(harness.address, receiveBuffer: 16 * 1024)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try expectNode(isFree: isBuffering, harness)
            #expect(try client.response().body.count == 12 << 20)
        }
    }
}
