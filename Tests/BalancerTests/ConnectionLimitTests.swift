import FoundationEssentials
import Glibc
import NginxConfig
import Reactor
import TestSupport
import Testing

@testable import Balancer

/// Many connections, and what becomes of them, through real sockets.
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

    /// The balancer has closed the connection.
    private func isClosed(_ client: RawClient) -> Bool {
        var byte = UInt8(0)
        return recv(client.descriptor, &byte, 1, CInt(MSG_DONTWAIT | MSG_PEEK)) == 0
    }

    @Test func `idle connections are given up, the longest idle first, when worker_connections are nearly used up`()
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
        // The first one is not the longest idle any more.
        clients[0].send(request)
        #expect(try clients[0].response().status == 200)
        #expect(!clients.contains(where: isClosed))
        #expect(try harness.get("/").status == 200)
        // An eighth of the idle ones.
        #expect(eventually { clients.map(isClosed) == [false] + (1..<60).map { $0 <= 7 } })
        clients[0].send(request)
        #expect(try clients[0].response().status == 200)
        let lines = try String(contentsOfFile: log, encoding: .utf8)
        #expect(lines.contains("[warn]"))
        #expect(lines.contains(": 64 worker_connections are not enough, reusing connections\n"))
    }

    @Test func `connections with a request keep their places, and the one too many is refused`() throws {
        let folder = TemporaryFolder()
        let node = try TestResponder { _ in [.sleep(.milliseconds(300)), .stdout("\r\nlate"), .end()] }
        defer { node.stop() }
        let log = folder.file("error.log")
        let harness = try Harness(text: text(node, connections: 4, log: log))
        let clients = try (0..<4).map { _ in
            let client = try harness.client()
            client.send(request)
            return client
        }
        #expect(eventually { node.requests.count == 4 })
        #expect(try harness.client().isAtEnd)
        for client in clients { #expect(try client.response().text == "late") }
        #expect(try harness.get("/").text == "late")
        #expect(try String(contentsOfFile: log, encoding: .utf8).contains("[alert]"))
    }

    /// As many as an attacker may open who never sends anything.
    @Test(arguments: [1024, 6000]) func `5,000 idle connections do not keep new clients out, and cost little memory`(
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
        // Both sides' memory is in this process: some hundreds of bytes each, and a buffer for none of them.
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

    @Test(arguments: [1, 2]) func `a client has no more connections than client_max_connections says, idle or silent`(
        _ workers: Int
    ) throws {
        let node = try TestResponder()
        defer { node.stop() }
        let text = text(node, connections: 1024, http: "client_max_connections 4;")
        let harness = try Harness(text: text, workers: workers)
        var clients = try (0..<4).map { _ in try harness.client() }
        clients[1].send(request)
        #expect(try clients[1].response().status == 200)
        #expect(try harness.client().isAtEnd)
        #expect(try harness.client().isAtEnd)
        // A reload forgets nothing.
        #expect(harness.balancer.reload() == nil)
        #expect(try harness.client().isAtEnd)
        clients.removeFirst()
        #expect(eventually { (try? harness.get("/").status) == 200 })
        clients[0].send("GET /lb/metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        let metrics = try clients[0].response().text
        #expect(!metrics.contains("millrace_lb_limit_decisions_total{limit=\"client\",decision=\"refused\"} 0\n"))
        clients = []
        #expect(eventually { (try? harness.get("/").status) == 200 })
    }

    @Test func `behind a trusted proxy each client counts, and the proxy does not`() throws {
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
        #expect(try connect("192.0.2.1").isAtEnd)
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
    func `a client is an IPv4 address or the /64 of an IPv6 one`(address: String, key: [UInt8]) throws {
        #expect(ClientPlaces.key(of: try #require(SocketAddress(numeric: address, port: 1))) == key)
        #expect(ClientPlaces.key(of: .unix("/run/x")) == [])
    }

    @Test func `a body below the least rate is given up, and its node is free again`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            ["\(node.address) max_conns=1"], http: "client_body_timeout 300ms;",
            location: "fastcgi_request_buffering off; client_body_buffer_size 0;")
        let drip = try harness.client()
        drip.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        // Each comes in time; all of them would take hours.
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(5), !isReadable(drip) {
            drip.send("a")
            usleep(50_000)
        }
        #expect(try drip.response().status == 408)
        #expect(ContinuousClock.now - start < .seconds(4))
        #expect(try harness.get("/").status == 200)
        // One that is as slow as a bad line is not.
        let slow = try harness.client()
        slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n")
        for _ in 0..<20 {
            usleep(75_000)
            slow.send(String(repeating: "a", count: 100))
        }
        #expect(try slow.response().status == 200)
    }

    private func isReadable(_ client: RawClient) -> Bool {
        var poller = pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&poller, 1, 0) > 0
    }

    @Test func `endless chunked bodies and endless headers end at their limits`() throws {
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
