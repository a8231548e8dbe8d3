import NginxConfig
import Synchronization
import TestSupport
import Testing

@testable import Balancer

/// What a reload changes, and that a reload with an invalid configuration changes nothing.
struct ConfigurationReloadTests {
    @Test func `a reload that fails does not change the upstreams`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let text = Mutex(Harness.text([node.address]))
        let harness = try Harness(text: text.withLock { $0 })
        text.withLock {
            $0 = Harness.text([node.address], upstream: "least_conn;", location: "access_log /nonexistent/a.log;")
        }
        #expect(harness.balancer.reload()?.description.hasPrefix("open() \"/nonexistent/a.log\" failed (2: ") == true)
        #expect(try harness.get("/lb/stats").text.contains("\"strategy\":\"round-robin\""))
    }

    @Test func `reloads under load fail no request, and the new configuration is in force`() throws {
        let (old, new) = (try TestResponder(), try TestResponder { _ in [.stdout("\r\nnew"), .end()] })
        defer { for node in [old, new] { node.stop() } }
        let servers = Mutex([old.address])
        let harness = try Harness(text: Harness.text(servers.withLock { $0 }), workers: 2)
        let load = ClientLoad(harness, requestsPerConnection: 20)
        for round in 0..<10 {
            try load.waitForAnswers(20)
            servers.withLock { $0 = [round % 2 == 0 ? new.address : old.address] }
            #expect(harness.balancer.reload() == nil)
        }
        servers.withLock { $0 = [new.address] }
        #expect(harness.balancer.reload() == nil)
        #expect(try harness.get("/").text == "new")
        #expect(load.stop() == [])
    }

    @Test func `an invalid configuration is refused, and the old one stays in force`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let extra = Mutex("")
        let harness = try Harness(text: Harness.text([node.address], location: extra.withLock { $0 }))
        extra.withLock { $0 = "no_such_directive on;" }
        let error = harness.balancer.reload()
        #expect(error?.description.contains("unknown directive \"no_such_directive\" in test.conf:") == true)
        #expect(try harness.get("/").text == "hello")
    }

    @Test func `a name without an address is refused in nginx's words, at the start and at a reload`() throws {
        let text = Harness.text(["no-such-host.invalid:9000"], listen: "unix:/tmp/mr-none.sock")
        let line =
            text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.contains("invalid") }! + 1
        let complaint = "host not found in upstream \"no-such-host.invalid:9000\" in t.conf:\(line)"
        let options = BalancerOptions(text: text, name: "t.conf", prefix: "/tmp/")
        #expect(throws: ConfigurationError.self) { try options.load().get() }
        let error = #expect(throws: BalancerError.self) { try Balancer(options) }
        #expect(error?.description == complaint)

        let node = try TestResponder()
        defer { node.stop() }
        let extra = Mutex("")
        let harness = try Harness(text: Harness.text([node.address], location: extra.withLock { $0 }))
        extra.withLock { $0 = "location /x { fastcgi_pass No-Such-Host.invalid:1; }" }
        #expect(
            harness.balancer.reload()?.description.hasPrefix(
                "host not found in upstream \"No-Such-Host.invalid:1\" in test.conf:") == true)
        #expect(try harness.get("/x").text == "hello")
    }

    @Test func `a request whose head began before a reload is answered by the new configuration`() throws {
        @Sendable func text(_ names: Int) -> String {
            let servers = (0..<names).map { number in
                "server { listen 127.0.0.1:%PORT%; server_name n\(number); return 200 n\(number); }"
            }
            let status = "server { listen 127.0.0.1:%PORT%; server_name status; location / { stub_status; } }"
            return "daemon off; error_log /dev/null; events {} http { access_log off; \(servers.joined()) \(status) }"
        }
        let names = Mutex(2)
        let harness = try Harness(text: text(names.withLock { $0 }))
        let (first, second) = (try harness.client(), try harness.client())
        for client in [first, second] { client.send("GET / HTTP/1.1\r\nHost: n") }
        try eventually("the balancer has read the beginning of both heads") {
            try harness.ask("GET / HTTP/1.1\r\nHost: status\r\n\r\n").text.contains("Reading: 2")
        }
        names.withLock { $0 = 9 }
        #expect(harness.balancer.reload() == nil)
        first.send("8\r\n\r\n")
        #expect(try first.response().text == "n8")
        second.send("7\r\n\r\n")
        #expect(try second.response().text == "n7")
        first.send("GET / HTTP/1.1\r\nHost: n6\r\n\r\n")
        #expect(try first.response().text == "n6")
    }
}
