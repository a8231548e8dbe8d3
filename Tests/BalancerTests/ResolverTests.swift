import NginxConfig
import Reactor
import Synchronization
import TestSupport
import Testing

/// The `resolver` directive, and `server` with `resolve`.
struct ResolverTests {
    private static let name = "nodes.millrace.test"

    private func node(_ host: UInt32, _ port: UInt16, _ text: String) throws -> TestResponder {
        try TestResponder(at: .ipv4(host, port: port)) { _ in [.stdout("\r\n\(text)"), .end()] }
    }

    private func harness(_ resolver: String, port: UInt16) throws -> Harness {
        try Harness(
            ["\(Self.name):\(port) resolve"], upstream: "zone nodes 64k; keepalive 4; \(resolver)")
    }

    @Test func `the peers follow the DNS answers when their TTL ends`() throws {
        let first = try node(0x7F00_0001, 0, "first")
        defer { first.stop() }
        let port = try #require(UInt16(first.address.split(separator: ":").last ?? ""))
        let second = try node(0x7F00_0002, port, "second")
        defer { second.stop() }
        let dns = TestDNSServer([Self.name: [.ipv4(0x7F00_0001, port: 0)]])
        defer { dns.stop() }
        dns.zone.withLock { $0.ttl = 1 }
        let harness = try harness("resolver \(dns.address);", port: port)
        #expect(try harness.get("/").text == "first")
        dns.zone.withLock { $0.addresses[Self.name] = [.ipv4(0x7F00_0002, port: 0)] }
        try eventually("the second node answers") { (try? harness.get("/").text) == "second" }
        // While the name has no records, the last addresses stay in use.
        dns.zone.withLock { $0.addresses = [:] }
        let asked = dns.zone.withLock(\.queries)
        try eventually("the name is asked for again") { dns.zone.withLock(\.queries) > asked + 1 }
        #expect(try harness.get("/").text == "second")
        dns.zone.withLock { $0.addresses[Self.name] = [.ipv4(0x7F00_0001, port: 0)] }
        try eventually("the first node answers") { (try? harness.get("/").text) == "first" }
    }

    @Test func `the resolver may have an IPv6 address`() throws {
        let node = try node(0x7F00_0001, 0, "first")
        defer { node.stop() }
        let port = try #require(UInt16(node.address.split(separator: ":").last ?? ""))
        let dns = TestDNSServer([Self.name: [.ipv4(0x7F00_0001, port: 0)]], isIPv6: true)
        defer { dns.stop() }
        let harness = try harness("resolver \(dns.address);", port: port)
        #expect(try harness.get("/").text == "first")
    }

    @Test func `valid= replaces the TTL of an answer, and ipv6=off leaves out the AAAA query`() throws {
        let first = try node(0x7F00_0001, 0, "first")
        defer { first.stop() }
        let port = try #require(UInt16(first.address.split(separator: ":").last ?? ""))
        let dns = TestDNSServer([Self.name: [.ipv4(0x7F00_0001, port: 0), .ipv6(0, 1, port: 0)]])
        defer { dns.stop() }
        let harness = try harness("resolver \(dns.address) valid=1s ipv6=off;", port: port)
        try eventually("the name is asked for three times") { dns.zone.withLock(\.queries) >= 3 }
        let peers = try harness.peers().text
        #expect(peers.contains("127.0.0.1:\(port)") && !peers.contains("[::1]"))
    }

    @Test func `the balancer starts without an answer of a DNS server, and asks the next server`() throws {
        let first = try node(0x7F00_0001, 0, "first")
        defer { first.stop() }
        let port = try #require(UInt16(first.address.split(separator: ":").last ?? ""))
        let (silent, dns) = (TestDNSServer([:]), TestDNSServer([Self.name: [.ipv4(0x7F00_0001, port: 0)]]))
        defer { for server in [silent, dns] { server.stop() } }
        silent.zone.withLock { $0.isSilent = true }
        let alone = try harness("resolver \(silent.address);", port: port)
        #expect(try alone.get("/").status == 502)
        let harness = try harness("resolver \(silent.address) \(dns.address) ipv6=off;", port: port)
        #expect(try harness.get("/").text == "first")
        #expect(silent.zone.withLock(\.queries) > 0)
    }

    @Test func `a DNS server that fails at once is asked again after a pause, and does not delay a stop`() throws {
        let node = try node(0x7F00_0001, 0, "node")
        defer { node.stop() }
        let port = try #require(UInt16(node.address.split(separator: ":").last ?? ""))
        let dns = TestDNSServer([Self.name: [.ipv4(0x7F00_0001, port: 0)]])
        defer { dns.stop() }
        dns.zone.withLock { $0.ttl = 1 }
        let harness = try harness("resolver \(dns.address) ipv6=off; resolver_timeout 30s;", port: port)
        #expect(try harness.get("/").text == "node")
        let asked = dns.zone.withLock { zone in
            zone.isFailing = true
            return zone.queries
        }
        let start = ContinuousClock.now
        try eventually("the name is asked for three times") { dns.zone.withLock(\.queries) >= asked + 3 }
        let time = ContinuousClock.now - start
        let queries = dns.zone.withLock(\.queries) - asked
        // The balancer waits 200 ms between two tries.
        #expect(queries <= 3 + Int(time / .milliseconds(200)))
        let stop = ContinuousClock.now
        harness.stop()
        #expect(ContinuousClock.now - stop < .seconds(10))
    }

    @Test func `a server's name is looked up, and its addresses become the peers`() throws {
        let node = try TestResponder(at: .ipv4(0x7F00_0001, port: 0))
        defer { node.stop() }
        let port = SocketAddress(node.address)!.port
        let harness = try Harness(["localhost:\(port)"])
        #expect(try harness.get("/").text == "hello")
        let nowhere = try Harness(["no-such-host.invalid:1 resolve"])
        #expect(try nowhere.get("/").status == 502)
        #expect(try nowhere.get("/lb/health").status == 503)
    }
}
