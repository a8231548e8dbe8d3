import Glibc
import NginxConfig
import Reactor
import Synchronization
import TestSupport
import Testing

@testable import Balancer

/// `listen` and its options, and the PROXY protocol.
struct ListenTests {
    @Test func `an address and the wildcard of the same port have their own servers on one socket`() throws {
        func text(_ names: [String]) -> String {
            let servers = names.enumerated().map { index, name in
                "server { listen 127.0.0.\(index + 2):%PORT%; server_name a; return 200 \"\(name) $server_addr\"; }"
            }
            return """
                daemon off; error_log /dev/null; events {}
                http {
                    access_log off;
                    \(servers.joined())
                    server { listen %PORT%; return 200 "all $server_addr"; }
                }
                """
        }
        let (first, second) = (text(["two"]), text(["2", "three"]))
        let isSecond = Atomic<Bool>(false)
        let harness = try Harness(text: isSecond.load(ordering: .relaxed) ? second : first, workers: 2)
        let port = harness.address.split(separator: ":").last!
        func ask(_ number: Int) throws -> String {
            let client = try RawClient("127.0.0.\(number):\(port)")
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            return try client.response().text
        }
        let kept = try RawClient("127.0.0.2:\(port)")
        for _ in 0..<8 {
            #expect(try (1...3).map(ask) == ["all 127.0.0.1", "two 127.0.0.2", "all 127.0.0.3"])
        }
        isSecond.store(true, ordering: .relaxed)
        #expect(harness.balancer.reload() == nil)
        for _ in 0..<8 {
            #expect(try (1...3).map(ask) == ["all 127.0.0.1", "2 127.0.0.2", "three 127.0.0.3"])
        }
        kept.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try kept.response().text == "2 127.0.0.2")
    }

    @Test func `server_name has no leading dot, and server_addr of a unix socket is its path`() throws {
        let folder = TemporaryFolder()
        let socket = folder.file("s")
        let harness = try Harness(
            text: """
                daemon off; error_log /dev/null; events {}
                http {
                    access_log off;
                    server {
                        listen 127.0.0.1:%PORT%; listen unix:\(socket); server_name .example.org;
                        return 200 "$server_name $server_addr $server_port";
                    }
                }
                """)
        #expect(try harness.get("/").text.hasPrefix("example.org 127.0.0.1 "))
        let client = try RawClient("unix:\(socket)")
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response().text == "example.org unix:\(socket) ")
    }

    @Test func `the PROXY protocol gives the client's address if the sender is trusted`() throws {
        let node = try TestResponder { request in
            let names = ["REMOTE_ADDR", "A", "B", "C", "D"]
            return [.stdout("\r\n" + names.map { request.params[$0] ?? "-" }.joined(separator: " ")), .end()]
        }
        defer { node.stop() }
        @Sendable func text(_ trusted: String) -> String {
            Harness.text(
                [node.address], http: "set_real_ip_from \(trusted); real_ip_header proxy_protocol;",
                location: """
                    fastcgi_param A $proxy_protocol_addr; fastcgi_param B $proxy_protocol_port;
                    fastcgi_param C $proxy_protocol_server_addr; fastcgi_param D $proxy_protocol_server_port;
                    """, listen: "127.0.0.1:%PORT% proxy_protocol")
        }
        let harness = try Harness(text: text("127.0.0.1"))
        let line = "PROXY TCP4 192.0.2.7 10.0.0.1 5000 80\r\n"
        let client = try harness.client()
        client.send(line)
        for _ in 0..<2 {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response().text == "192.0.2.7 192.0.2.7 5000 10.0.0.1 80")
        }
        let binary = try harness.client()
        let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10, 0x21, 0x11, 0, 12]
        binary.send(
            signature + [192, 0, 2, 8, 10, 0, 0, 1, 0, 9, 0, 80] + Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        #expect(try binary.response().text == "192.0.2.8 192.0.2.8 9 10.0.0.1 80")
        let bare = try harness.client()
        bare.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try bare.endsWithoutResponse())
        let wary = try Harness(text: text("192.0.2.0/24"))
        #expect(try wary.ask(line + "GET / HTTP/1.1\r\nHost: a\r\n\r\n").text == "127.0.0.1 192.0.2.7 5000 10.0.0.1 80")
    }

    @Test func `connections have the keep-alive options of their listener`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            text: Harness.text([node.address], listen: "127.0.0.1:%PORT% so_keepalive=2m:5:3 rcvbuf=64k sndbuf=64k"))
        #expect(try harness.get("/").status == 200)
        // The test cannot read the options of the balancer's sockets. So it accepts a connection on a listener of its
        // own, and reads the options of this connection.
        let listener = try ListeningSocket.listen(
            on: .ipv4(0x7F00_0001, port: 0),
            options([.keepsAlive(true), .keepaliveIdle(seconds: 120), .keepaliveCount(3)]))
        defer { listener.close() }
        let client = try RawClient(listener.localAddress!.description)
        var accepted: Socket?
        try eventually("the connection is accepted") {
            if case .connection(let socket, _) = listener.accept() { accepted = socket }
            return accepted != nil
        }
        defer { accepted?.close() }
        func option(_ level: CInt, _ name: CInt) -> CInt {
            var (value, length) = (CInt(0), socklen_t(MemoryLayout<CInt>.size))
            getsockopt(accepted?.descriptor ?? -1, level, name, &value, &length)
            return value
        }
        #expect(option(SOL_SOCKET, SO_KEEPALIVE) == 1)
        // TCP_KEEPIDLE and TCP_KEEPCNT.
        #expect(option(6, 4) == 120)
        #expect(option(6, 6) == 3)
        withExtendedLifetime(client) {}
    }

    private func options(_ more: [SocketOption]) -> ListeningSocket.Options {
        var options = ListeningSocket.Options()
        options.more = more
        return options
    }

    @Test(arguments: ["", " reuseport"])
    func `a reload can change worker_processes, and no request fails`(_ parameter: String) throws {
        let node = try TestResponder()
        defer { node.stop() }
        let count = Mutex(1)
        let text = Harness.text([node.address], listen: "127.0.0.1:%PORT%\(parameter)")
        let harness = try Harness(text: "worker_processes \(count.withLock { $0 });\n" + text, workers: nil)
        let load = ClientLoad(harness, requestsPerConnection: 3)
        for number in [3, 1, 4, 2] {
            count.withLock { $0 = number }
            #expect(harness.balancer.reload() == nil)
            try eventually("\(number) loops are running") { harness.balancer.runningLoops == number }
            try load.waitForAnswers(50)
        }
        #expect(load.stop() == [])
        #expect(try harness.get("/").status == 200)
    }
}
