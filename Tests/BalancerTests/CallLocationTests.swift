import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import Balancer

/// The balancer's own calls (`/lb/…`). They obey the directives of the location with `stub_status balancer`. Other
/// locations do not have these calls.
struct CallLocationTests {
    private static let paths = ["/lb/health", "/lb/stats", "/lb/rate-limits", "/lb/metrics", "/lb/peers", "/lb/x"]

    @Test func `a server without a location for the calls passes their paths to its nodes`() throws {
        let node = try TestResponder { _ in [.stdout("\r\nfrom the node"), .end()] }
        defer { node.stop() }
        let harness = try Harness([node.address], calls: nil)
        for path in Self.paths { #expect(try harness.get(path, Harness.token).text == "from the node", "\(path)") }
        #expect(node.requests.count == Self.paths.count)
    }

    @Test(
        arguments: [
            ("", "stub_status balancer; internal;", 404), ("", "stub_status balancer; return 410;", 410),
            ("", "stub_status balancer; deny all;", 403), ("", "stub_status balancer; allow 192.0.2.1; deny all;", 403),
            ("", "stub_status balancer; if ($request_uri ~ \"^/lb/\") { return 403; }", 403),
            ("if ($request_uri ~ \"^/lb/\") { return 403; }", "stub_status balancer;", 403),
            ("location ^~ /lb/ { internal; }", nil, 404), ("location ^~ /lb/ { return 410; }", nil, 410),
        ] as [(String, String?, Int)])
    func `the calls obey their location`(server: String, calls: String?, status: Int) throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address], server: server, calls: calls)
        for path in Self.paths { #expect(try harness.get(path, Harness.token).status == status, "\(path)") }
        #expect(try harness.get("/").status == 200)
        #expect(node.requests.count == 1)
    }

    @Test func `limit_req and access_log apply to the calls`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let folder = TemporaryFolder()
        let log = folder.file("access")
        let harness = try Harness(
            [node.address], http: "limit_req_zone $binary_remote_addr zone=calls:1m rate=1r/m; limit_req_status 429;",
            calls: "stub_status balancer; limit_req zone=calls burst=1 nodelay; access_log \(log);")
        let statuses = try (0..<4).map { _ in try harness.get("/lb/rate-limits").status }
        #expect(statuses == [200, 200, 429, 429])
        #expect(try harness.get("/").status == 200)
        try eventually("the log has four lines") {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            return text.split(separator: "\n").count { $0.contains("/lb/rate-limits") } == 4
        }
    }

    @Test func `where anonymous clients may not do all, only the health needs no token`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address], reportsNeedToken: true)
        for path in ["/lb/stats", "/lb/rate-limits", "/lb/metrics", "/lb/peers"] {
            #expect(try harness.get(path).status == 401, "\(path)")
            #expect(try harness.get(path, Harness.token).status == 200, "\(path)")
        }
        #expect(try harness.get("/lb/health").status == 200)
    }

    @Test func `a change is one line in the error log, with who, what and the outcome, but not the token`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let folder = TemporaryFolder()
        let log = folder.file("error")
        let harness = try Harness([node.address], http: "error_log \(log) info;")
        func post(_ path: String, _ body: String, _ fields: String = Harness.token) throws -> Int {
            try harness.ask(
                """
                POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\(fields)\
                Content-Length: \(body.utf8.count)\r\n\r\n\(body)
                """
            ).status
        }
        #expect(try post("/lb/strategy", "{\"strategy\":\"least_connections\"}") == 200)
        #expect(try post("/lb/strategy", "{\"strategy\":\"typed by a client\"}") == 400)
        #expect(try post("/lb/peers", "{\"address\":\"\(node.address)\",\"state\":\"up\"}") == 200)
        #expect(try post("/lb/peers", "{\"address\":\"typed by a client\"}") == 400)
        #expect(try post("/lb/peers", "{}", "") == 401)
        let text = try String(contentsOfFile: log, encoding: .utf8)
        for line in [
            "administrative call: set the strategy from round-robin to least-connections, by the admin token, status: 200",
            "administrative call: set the strategy, by the admin token, status: 400",
            "administrative call: set peer \(node.address) of upstream \"nodes\" to up, by the admin token, status: 200",
            "administrative call: set a peer, by the admin token, status: 400",
            "administrative call without the admin token, status: 401",
        ] {
            #expect(text.split(separator: "\n").count { $0.contains(line) } == 1, "\(line)")
        }
        #expect(!text.contains("secret") && !text.contains("typed by a client"))
    }

    /// The `map` of the shipped configuration.
    private static let networks = #"""
        map $binary_remote_addr $client_network {
            "~^(?s)\x00{10}\xFF\xFF(?<net4>.{4})$" $net4;
            "~^(?s)(?<net64>.{8}).{8}$" $net64;
            default $binary_remote_addr;
        }
        """#

    @Test func `IPv6 clients are limited by their network, and shown so`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            http: """
                set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;
                \(Self.networks)
                limit_req_zone $client_network zone=clients:1m rate=1r/m; limit_req_status 429;
                """, location: "limit_req zone=clients burst=1 nodelay;")
        func status(_ client: String) throws -> Int { try harness.get("/", "X-Forwarded-For: \(client)\r\n").status }
        #expect(try status("2001:db8:0:1::1") == 200)
        #expect(try status("2001:db8:0:1:ffff:ffff:ffff:ffff") == 200)
        #expect(try status("2001:db8:0:1:a0a:a0a:a0a:a0a") == 429)
        #expect(try status("2001:db8:0:2::1") == 200)
        // The network part of these addresses consists mostly of the byte 0x0A, a line feed.
        #expect(try status("2a0a:a0a:a0a:a0a::1") == 200)
        #expect(try status("2a0a:a0a:a0a:a0a::2") == 200)
        #expect(try status("2a0a:a0a:a0a:a0a::3") == 429)
        // IPv4 clients of an IPv6 socket are all in one /64 network, but are different clients.
        for client in ["192.0.2.1", "192.0.2.2", "::ffff:192.0.2.3", "::ffff:192.0.2.4"] {
            #expect(try (0..<3).map { _ in try status(client) } == [200, 200, 429], "\(client)")
        }
        #expect(try status("::ffff:192.0.2.1") == 429, "the same client as 192.0.2.1")
        let reply = try JSONValue(parsing: harness.get("/lb/rate-limits").body)
        let clients = reply["clients"]?.arrayValue?.compactMap { $0["client"]?.stringValue } ?? []
        #expect(
            clients.sorted() == [
                "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "2001:db8:0:1::/64", "2001:db8:0:2::/64",
                "2a0a:a0a:a0a:a0a::/64",
            ])
    }

    @Test func `a key that is not an address is shown as it is, whatever its length`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            [node.address], http: "limit_req_zone $arg_k zone=keys:1m rate=1r/m;",
            location: "limit_req zone=keys burst=1 nodelay;")
        let keys = ["abcd", "abcdefgh", "abcdefghijklmnop"]
        for key in keys { #expect(try harness.get("/?k=\(key)").status == 200) }
        let reply = try JSONValue(parsing: harness.get("/lb/rate-limits").body)
        #expect(reply["clients"]?.arrayValue?.compactMap { $0["client"]?.stringValue }.sorted() == keys)
    }

    @Test func `if no node is in reach, the client hears when to try again`() throws {
        let harness = try Harness(["unix:/tmp/millrace-nobody-1.sock", "unix:/tmp/millrace-nobody-2.sock"])
        for _ in 0..<3 {
            let answer = try harness.get("/")
            #expect(answer.status == 502)
            #expect(answer.field("Retry-After") == "2")
        }
    }
}
