import Glibc
import Reactor
import TestSupport
import Testing

/// Large bodies, slow clients, and the end of connections.
struct StreamTests {
    /// The sockets of the node and of the client hold a part of the response. The balancer holds only a few buffers.
    @Test func `a client that reads 100 MB slowly delays the node, and the memory stays bounded`() throws {
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        let node = try TestResponder { _ in
            [.stdout("Content-Length: \(100 << 20)\r\n\r\n")]
                + Array(repeating: TestResponder.Step.bytes(piece), count: 100) + [.end()]
        }
        defer { node.stop() }
        let harness = try Harness([node.address], location: "fastcgi_buffering off;")
        let client = try RawClient(harness.address, receiveBuffer: 64 * 1024)
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        // The client reads nothing until its socket is nearly full.
        try client.waitForUnread(32 * 1024)
        let before = try residentMegabytes()
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        var total = 0
        var maxMegabytes = before
        while true {
            let count = recv(client.descriptor, &chunk, chunk.count, 0)
            if count <= 0 { break }
            total += count
            if total % 7 == 0 { maxMegabytes = max(maxMegabytes, try residentMegabytes()) }
            if total >= 100 << 20 { break }
        }
        #expect(total >= 100 << 20)
        #expect(maxMegabytes - before < 30)
        #expect(try harness.get("/lb/stats").text.contains("\"idle\":1"))
    }

    /// The balancer sends large pieces from the buffer that it read them into. It copies only the bytes that the socket
    /// does not accept.
    @Test(arguments: ["on", "off"])
    func `a large response arrives byte for byte, whatever the client reads at a time`(buffering: String) throws {
        var body = [UInt8](repeating: 0, count: 4_000_000)
        for index in stride(from: 0, to: body.count, by: 4) {
            for byte in 0..<4 { body[index + byte] = UInt8(truncatingIfNeeded: index >> (byte * 8 + 2)) }
        }
        // Pieces of many sizes, with short ones between long ones.
        var pieces: [TestResponder.Step] = []
        var rest = body[...]
        for size in sequence(first: 1, next: { ($0 * 7 + 13) % 50_021 + 1 }) {
            if rest.isEmpty { break }
            pieces.append(.bytes(Array(rest.prefix(size))))
            rest = rest.dropFirst(size)
        }
        let steps = [.stdout("Content-Length: \(body.count)\r\n\r\n")] + pieces + [.end()]
        let node = try TestResponder { _ in steps }
        defer { node.stop() }
        let harness = try Harness([node.address], location: "fastcgi_buffering \(buffering);")
        for receiveBuffer in [64 * 1024, nil] as [CInt?] {
            let client = try RawClient(harness.address, receiveBuffer: receiveBuffer)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            // Let bytes collect in the socket before the client reads.
            try client.waitForUnread(32 * 1024)
            #expect(try client.response().body == body)
        }
    }

    /// One event reports both the last bytes and the end of the connection. epoll does not report the end a second
    /// time.
    @Test(arguments: [
        ("Content-Length: 100\r\n\r\nabc", 200), ("Status: 200 OK\r\nContent-", 502), ("", 502),
    ])
    func `the end of a node's connection in a response is noticed at once`(text: String, status: Int) throws {
        for address in [nil, SocketAddress.ipv4(0x7f00_0001, port: 0)] {
            let node = try TestResponder(at: address) { _ in [.stdout(text), .close] }
            defer { node.stop() }
            let harness = try Harness([node.address])
            let client = try harness.client()
            let start = ContinuousClock.now
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let reply = try client.readToEnd()
            #expect(reply.hasPrefix("HTTP/1.1 \(status)"), "\(reply)")
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test func `a connection that the node closes right after its response is not reused`() throws {
        let node = try TestResponder(at: .ipv4(0x7f00_0001, port: 0)) { _ in
            [
                .raw(
                    [1, 6, 0, 1, 0, 4, 0, 0, 13, 10, 13, 10] + [1, 3, 0, 1, 0, 8, 0, 0]
                        + [UInt8](repeating: 0, count: 8)), .close,
            ]
        }
        defer { node.stop() }
        let harness = try Harness([node.address])
        let client = try harness.client()
        for number in 1...20 {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
            #expect(try client.response().status == 200)
            #expect(node.requests.count == number)
            try harness.waitForStats("\"idle\":0")
        }
    }

    @Test func `a large request body is read by the node completely, and the connection stays usable`() throws {
        let node = try TestResponder { request in
            [.stdout("\r\n\(request.body.count)"), .end()]
        }
        defer { node.stop() }
        let harness = try Harness([node.address], http: "client_max_body_size 100m;")
        let client = try harness.client()
        let size = 6 << 20
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
        let piece = [UInt8](repeating: 0x62, count: 1 << 20)
        for _ in 0..<6 { client.send(piece) }
        #expect(try client.response().text == "\(size)")
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response().text == "0")
    }

    @Test(arguments: [0, 1024])
    func `with fastcgi_request_buffering off a node is asked when client_body_buffer_size is full`(
        size: Int
    ) throws {
        let node = try TestResponder(echo)
        defer { node.stop() }
        let harness = try Harness(
            [node.address], http: "client_body_buffer_size \(size); fastcgi_request_buffering off;")
        let client = try harness.client()
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n")
        client.send(String(repeating: "a", count: 100))
        if size > 0 {
            try never("the node is asked", for: .milliseconds(50)) {
                try harness.get("/lb/stats").text.contains("\"active\":1")
            }
            client.send(String(repeating: "b", count: 1000))
            try harness.waitForStats("\"active\":1")
        } else {
            try harness.waitForStats("\"active\":1")
            client.send(String(repeating: "b", count: 1000))
        }
        client.send(String(repeating: "c", count: 900))
        #expect(try client.response().body.count == 2000)
    }

    @Test func `200 idle clients share one connection to the node`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address])
        let clients = try (0..<200).map { _ in try harness.client() }
        for client in clients {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response().text == "hello")
        }
        #expect(try harness.get("/").text == "hello")
        #expect(node.connections == 1)
    }

    private func residentMegabytes() throws -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        fgets(&line, CInt(line.count), file)
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (Int(text.split(separator: " ")[1]) ?? 0) * 4096 >> 20
    }
}
