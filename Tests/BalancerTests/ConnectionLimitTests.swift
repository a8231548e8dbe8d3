import FoundationEssentials
import Glibc
import NginxConfig
import Reactor
import TestSupport
import Testing
import Threading

@testable import Balancer

/// Limits on the number of connections and on slow clients, through real sockets.
struct ConnectionLimitTests {
    private func text(
        _ node: TestResponder, connections: Int, http: String = "", log: String = "/dev/null",
        listen: String = "127.0.0.1:%PORT%"
    ) -> String {
        Harness.text([node.address], http: http, listen: listen)
            .replacing("error_log /dev/null", with: "error_log \(log) warn")
            .replacing("worker_connections 1024", with: "worker_connections \(connections)")
    }

    private let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    /// Whether the balancer has closed the connection.
    private func isClosed(_ client: RawClient) -> Bool {
        var byte = UInt8(0)
        return recv(client.descriptor, &byte, 1, CInt(MSG_DONTWAIT | MSG_PEEK)) == 0
    }

    @Test func `the connections that are idle the longest are closed when worker_connections are nearly used up`()
        throws
    {
        let folder = TemporaryFolder()
        let node = try TestResponder()
        defer { node.stop() }
        let log = folder.file("error.log")
        let harness = try Harness(text: text(node, connections: 64, log: log))
        let clients = try (0..<60).map { _ in
            let client = try harness.client()
            client.send(request)
            #expect(try client.response().status == 200)
            return client
        }
        // After this request, clients[0] is the most recently active client, so its connection must stay open.
        clients[0].send(request)
        #expect(try clients[0].response().status == 200)
        #expect(!clients.contains(where: isClosed))
        #expect(try harness.get("/").status == 200)
        try eventually("an eighth of the idle connections is closed") {
            clients.map(isClosed) == [false] + (1..<60).map { $0 <= 7 }
        }
        clients[0].send(request)
        #expect(try clients[0].response().status == 200)
        let lines = try String(contentsOfFile: log, encoding: .utf8)
        #expect(lines.contains("[warn]"))
        #expect(lines.contains(": 64 worker_connections are not enough, reusing connections\n"))
    }

    @Test func `busy connections stay open, and a connection beyond the limit is refused`() throws {
        let folder = TemporaryFolder()
        let gate = Gate(isOpen: false)
        let node = try TestResponder { _ in [.pass(gate), .stdout("\r\nlate"), .end()] }
        defer { node.stop() }
        let log = folder.file("error.log")
        let harness = try Harness(text: text(node, connections: 4, log: log))
        let clients = try (0..<4).map { _ in
            let client = try harness.client()
            client.send(request)
            return client
        }
        try node.waitForRequests(4)
        #expect(try harness.client().endsWithoutResponse())
        gate.open()
        for client in clients { #expect(try client.response().text == "late") }
        #expect(try harness.get("/").text == "late")
        #expect(try String(contentsOfFile: log, encoding: .utf8).contains("[alert]"))
    }

    /// An attacker may open connections and never send anything.
    @Test(arguments: [1024, 6000]) func `5,000 silent connections do not keep new clients out, and need little memory`(
        _ connections: Int
    ) throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(text: text(node, connections: connections))
        #expect(try harness.get("/").status == 200)
        let before = residentKilobytes()
        var clients: [RawClient] = []
        for number in 0..<5000 {
            clients.append(try harness.client())
            if number % 500 == 0 { #expect(try harness.get("/").status == 200) }
        }
        #expect(try harness.get("/").status == 200)
        // Both ends of each connection are in this process. An end needs some hundred bytes, because it has no buffer.
        #expect(residentKilobytes() - before < 5000 * 4)
        #expect(clients.count { !isClosed($0) } <= connections)
        let last = try #require(clients.last)
        last.send(request)
        #expect(try last.response().status == 200)
    }

    private func residentKilobytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0) * 4
    }

    @Test(arguments: [1, 2]) func `client_max_connections limits the idle and silent connections of a client`(
        _ workers: Int
    ) throws {
        let node = try TestResponder()
        defer { node.stop() }
        let text = text(node, connections: 1024, http: "client_max_connections 4;")
        let harness = try Harness(text: text, workers: workers)
        var clients = try (0..<4).map { _ in try harness.client() }
        clients[1].send(request)
        #expect(try clients[1].response().status == 200)
        #expect(try harness.client().endsWithoutResponse())
        #expect(try harness.client().endsWithoutResponse())
        // A reload keeps the counts.
        #expect(harness.balancer.reload() == nil)
        #expect(try harness.client().endsWithoutResponse())
        clients.removeFirst()
        try eventually("a new connection is accepted") { (try? harness.get("/").status) == 200 }
        clients[0].send("GET /lb/metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        let metrics = try clients[0].response().text
        #expect(!metrics.contains("millrace_lb_limit_decisions_total{limit=\"client\",decision=\"refused\"} 0\n"))
        clients = []
        try eventually("a new connection is accepted") { (try? harness.get("/").status) == 200 }
    }

    @Test func `behind a trusted proxy the clients are counted, and not the proxy`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let trust = "set_real_ip_from 127.0.0.0/8; real_ip_header proxy_protocol; client_max_connections 1;"
        let harness = try Harness(
            text: text(node, connections: 1024, http: trust, listen: "127.0.0.1:%PORT% proxy_protocol"))
        func connect(_ address: String) throws -> RawClient {
            let client = try harness.client()
            client.send("PROXY TCP4 \(address) 10.0.0.1 5000 80\r\n\(request)")
            return client
        }
        let first = try connect("192.0.2.1")
        #expect(try first.response().status == 200)
        let second = try connect("192.0.2.2")
        #expect(try second.response().status == 200)
        #expect(try connect("192.0.2.1").endsWithoutResponse())
        first.send(request)
        #expect(try first.response().status == 200)
        let plain = try Harness(
            text: text(node, connections: 1024, http: "set_real_ip_from 127.0.0.0/8; client_max_connections 1;"))
        let clients = try (0..<3).map { _ in try plain.client() }
        for client in clients {
            client.send(request)
            #expect(try client.response().status == 200)
        }
    }

    @Test(
        arguments: [
            ("192.0.2.7", [192, 0, 2, 7]), ("::ffff:192.0.2.7", [192, 0, 2, 7]),
            ("2001:db8:1:2:3:4:5:6", [0x20, 1, 0xD, 0xB8, 0, 1, 0, 2]),
            ("2001:db8:1:2::1", [0x20, 1, 0xD, 0xB8, 0, 1, 0, 2]),
        ] as [(String, [UInt8])])
    func `a client is an IPv4 address or the /64 network of an IPv6 address`(address: String, key: [UInt8]) throws {
        #expect(ClientPlaces.key(of: try #require(SocketAddress(numeric: address, port: 1))) == key)
        #expect(ClientPlaces.key(of: .unix("/run/x")) == [])
    }

    @Test func `a body below the minimum rate gets 408, and its node is free again`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            ["\(node.address) max_conns=1"], http: "client_body_timeout 300ms;",
            location: "fastcgi_request_buffering off; client_body_buffer_size 0;")
        let drip = try harness.client()
        drip.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        // Each byte arrives within client_body_timeout, but the whole body would take more than an hour.
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(5), !isReadable(drip) {
            drip.send("a")
            sleepCurrentThread(for: .milliseconds(50))
        }
        #expect(try drip.response().status == 408)
        #expect(ContinuousClock.now - start < .seconds(4))
        #expect(try harness.get("/").status == 200)
        // A client on a slow line (1300 bytes/s) is above the minimum rate.
        let slow = try harness.client()
        slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
        for _ in 0..<10 {
            sleepCurrentThread(for: .milliseconds(75))
            slow.send(String(repeating: "a", count: 100))
        }
        #expect(try slow.response().status == 200)
    }

    private func isReadable(_ client: RawClient) -> Bool {
        var poller = pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&poller, 1, 0) > 0
    }

    @Test func `endless chunked bodies, headers and trailers are refused at their limits`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address], http: "client_max_body_size 100k;")
        let body = try harness.client()
        body.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "1000\r\n\(String(repeating: "a", count: 4096))\r\n"
        for _ in 0..<40 { body.send(chunk) }
        #expect(try body.response().status == 413)
        let header = try harness.client()
        header.send("GET / HTTP/1.1\r\nHost: a\r\n")
        for number in 0..<500 where !isReadable(header) {
            header.send("X-\(number): \(String(repeating: "b", count: 100))\r\n")
        }
        #expect(try header.response().status == 431)
        let trailers = try harness.client()
        trailers.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
        for number in 0..<2000 where !isReadable(trailers) { trailers.send("X-\(number): b\r\n") }
        #expect((400...499).contains(try trailers.response().status))
        #expect(try harness.get("/lb/stats").text.contains("\"active\":0"))
        #expect(try harness.get("/").status == 200)
    }
}
