import Glibc
import NginxConfig
import Reactor
import Supervisor
import Synchronization
import TestSupport
import Testing
import Threading

@testable import Balancer

struct OperationTests {
    @Test func `a reload that fails changes nothing of the upstreams`() throws {
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
        let isDone = Atomic<Bool>(false)
        let failures = Mutex<[String]>([])
        let threads = (0..<4).map { _ in
            NamedThread("client") {
                do {
                    while !isDone.load(ordering: .relaxed) {
                        let client = try harness.client()
                        for _ in 0..<20 {
                            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                            let response = try client.response()
                            if response.status != 200 { failures.withLock { $0.append("\(response.status)") } }
                        }
                    }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        for round in 0..<10 {
            usleep(20_000)
            servers.withLock { $0 = [round % 2 == 0 ? new.address : old.address] }
            #expect(harness.balancer.reload() == nil)
        }
        servers.withLock { $0 = [new.address] }
        #expect(harness.balancer.reload() == nil)
        #expect(try harness.get("/").text == "new")
        isDone.store(true, ordering: .relaxed)
        for thread in threads { thread.join() }
        #expect(failures.withLock { $0 } == [])
    }

    @Test func `a bad configuration leaves the old one in force`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let extra = Mutex("")
        let harness = try Harness(text: Harness.text([node.address], location: extra.withLock { $0 }))
        extra.withLock { $0 = "no_such_directive on;" }
        let error = harness.balancer.reload()
        #expect(error?.description.contains("unknown directive \"no_such_directive\" in test.conf:") == true)
        #expect(try harness.get("/").text == "hello")
    }

    @Test func `a name without an address is refused in nginx's words, and does not come in by a reload`() throws {
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

    @Test func `worker_shutdown_timeout ends a drain that takes too long`() throws {
        let node = try TestResponder { _ in [.sleep(.seconds(3)), .stdout("\r\nlate"), .end()] }
        defer { node.stop() }
        let harness = try Harness(
            text: "worker_shutdown_timeout 100ms;\n" + Harness.text([node.address]))
        let busy = try harness.client()
        busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(eventually { node.requests.count == 1 })
        let start = ContinuousClock.now
        harness.stop(draining: true)
        #expect(ContinuousClock.now - start < .seconds(2))
        #expect(try busy.isAtEnd)
    }

    @Test func `a connection is closed after keepalive_requests, or the request after keepalive_time`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address], http: "keepalive_requests 2;")
        let client = try harness.client()
        for closes in [nil, "close"] {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response().field("Connection") == closes)
        }
        #expect(try client.isAtEnd)
        let brief = try Harness([node.address], http: "keepalive_time 50ms;")
        let second = try brief.client()
        second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try second.response().field("Connection") == nil)
        usleep(80_000)
        second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try second.response().field("Connection") == "close")
    }

    @Test func `a head may be as large as large_client_header_buffers says`() throws {
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

    @Test(.enabled(if: geteuid() == 0)) func `started by root it goes on as the user that the configuration names`()
        throws
    {
        let folder = TemporaryFolder()
        let socket = "/tmp/mr-\(UInt64.random(in: 0 ... .max)).sock"
        let text = "user nobody nogroup;\npid balancer.pid;\n" + Harness.text(["unix:/none"], listen: "unix:\(socket)")
        let file = try folder.write(text, to: "balancer.conf")
        let program = try Program.millrace(["balancer", "-c", file, "-p", folder.path])
        #expect(
            eventually(within: .seconds(30)) {
                access(socket, F_OK) == 0 && access(folder.file("balancer.pid"), F_OK) == 0
            })
        let nobody = getpwnam("nobody").pointee.pw_uid
        #expect(
            eventually {
                (try? read("/proc/\(program.process.pid)/status"))?.contains("Uid:\t\(nobody)\t\(nobody)\t") == true
            })
        unlink(socket)

        let unknown = try folder.write(
            "user no-such-user;\n" + Harness.text(["unix:/none"], listen: "unix:\(socket)"), to: "bad.conf")
        let refused = try Program.millrace(["balancer", "-c", unknown, "-p", folder.path])
        #expect(try refused.waitForExit() == .exited(code: 1))
        #expect(refused.standardError.contains("[emerg] getpwnam(\"no-such-user\") failed"))
    }

    @Test func `draining ends requests that are under way, and takes no new connection`() throws {
        let node = try TestResponder { _ in [.sleep(.milliseconds(200)), .stdout("\r\nlate"), .end()] }
        defer { node.stop() }
        let harness = try Harness([node.address])
        let (busy, idle) = (try harness.client(), try harness.client())
        busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(eventually { node.requests.count == 1 })
        let stopper = NamedThread("stop") { harness.stop(draining: true) }
        let response = try busy.response()
        #expect(response.text == "late")
        #expect(try busy.isAtEnd)
        #expect(try idle.isAtEnd)
        stopper.join()
        #expect((try? harness.client())?.descriptor == nil || (try? harness.get("/")) == nil)
    }

    @Test func `a port that is taken is said in nginx's words`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address])
        let text = Harness.text([node.address], listen: harness.address)
        let error = #expect(throws: BalancerError.self) {
            try Balancer(BalancerOptions(text: text, name: "t.conf", prefix: "/tmp/"))
        }
        #expect(error?.description == "bind() to \(harness.address) failed (98: Address already in use)")
    }

    @Test func `the pid file is there while the balancer runs`() throws {
        let path = "/tmp/mr-pid-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let socket = "unix:/tmp/mr-\(UInt64.random(in: 0 ... .max)).sock"
        var options = BalancerOptions(
            text: Harness.text(["unix:/tmp/none.sock"], listen: socket), name: "t.conf", prefix: "/tmp/")
        options.pidFile = path
        let balancer = try Balancer(options)
        balancer.start()
        #expect(access(path, F_OK) == 0)
        let client = try RawClient(socket)
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response().status == 502)
        balancer.stop(draining: false)
        #expect(access(path, F_OK) != 0)
        #expect(access(String(socket.dropFirst(5)), F_OK) != 0)
    }

    @Test func `access-log lines have nginx's variables and escapes`() throws {
        let node = try TestResponder { _ in [.stdout("X-Made: here\r\nContent-Length: 5\r\n\r\nhello"), .end()] }
        defer { node.stop() }
        let path = "/tmp/mr-log-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { unlink(path) }
        let harness = try Harness(
            [node.address],
            http: """
                log_format full '$remote_addr "$request" $status $body_bytes_sent "$http_x_a" $upstream_status '
                    '$sent_http_x_made $http_none $request_length $upstream_addr';
                """,
            location: "access_log \(path) full;")
        _ = try harness.ask("GET /a?b HTTP/1.1\r\nHost: t\r\nX-A: q\"x\r\n\r\n")
        #expect(eventually { (try? read(path))?.isEmpty == false })
        let line = try read(path)
        #expect(
            line == "127.0.0.1 \"GET /a?b HTTP/1.1\" 200 5 \"q\\x22x\" 200 here - 40 \(node.address)\n")
        rename(path, path + ".1")
        defer { unlink(path + ".1") }
        harness.balancer.reopenLogs()
        _ = try harness.get("/")
        #expect(eventually { (try? read(path))?.isEmpty == false })
    }

    @Test func `a log that no configuration names any more is closed, and one that cannot be opened anew is told of`()
        throws
    {
        let folder = TemporaryFolder()
        let (first, second, errors) = (folder.file("logs/1"), folder.file("logs/2"), folder.file("errors"))
        mkdir(folder.file("logs"), 0o777)
        let log = Mutex(first)
        let harness = try Harness(
            text: """
                daemon off;
                error_log \(errors);
                events {}
                http {
                    server { listen 127.0.0.1:%PORT%; access_log \(log.withLock { $0 }); return 204; }
                }
                """)
        _ = try harness.get("/first")
        #expect(eventually { (try? read(first))?.contains("/first") == true })
        log.withLock { $0 = second }
        #expect(harness.balancer.reload() == nil)
        _ = try harness.get("/second")
        #expect(eventually { (try? read(second))?.contains("/second") == true })
        log.withLock { $0 = second + " combined buffer=64k flush=1h" }
        #expect(harness.balancer.reload() == nil)
        _ = try harness.get("/late")
        usleep(300_000)
        #expect(try !read(second).contains("/late"))

        #expect(rename(folder.file("logs"), folder.file("gone")) == 0)
        harness.balancer.reopenLogs()
        #expect(try read(errors).contains("[emerg]"))
        #expect(try read(errors).contains("open() \"\(second)\" failed (2: No such file or directory)"))
        #expect(try !read(errors).contains(first))
        harness.stop()
        #expect(try read(folder.file("gone/2")).contains("/late"))
    }

    @Test func `a request whose head began before a reload is for a server of the new configuration`() throws {
        @Sendable func text(_ names: Int) -> String {
            let servers = (0..<names).map { number in
                "server { listen 127.0.0.1:%PORT%; server_name n\(number); return 200 n\(number); }"
            }
            return "daemon off; error_log /dev/null; events {} http { access_log off; \(servers.joined()) }"
        }
        let names = Mutex(2)
        let harness = try Harness(text: text(names.withLock { $0 }))
        let (first, second) = (try harness.client(), try harness.client())
        for client in [first, second] { client.send("GET / HTTP/1.1\r\nHost: n") }
        usleep(50_000)
        names.withLock { $0 = 9 }
        #expect(harness.balancer.reload() == nil)
        first.send("8\r\n\r\n")
        #expect(try first.response().text == "n8")
        second.send("7\r\n\r\n")
        #expect(try second.response().text == "n7")
        first.send("GET / HTTP/1.1\r\nHost: n6\r\n\r\n")
        #expect(try first.response().text == "n6")
    }

    @Test func `the log has the request that was refused, not one that came before it`() throws {
        let folder = TemporaryFolder()
        let path = folder.file("access")
        let harness = try Harness(
            ["unix:/none"],
            http: "log_format refused '$request|$status|$request_length|$http_x_a';",
            server: "access_log \(path) refused; client_header_timeout 100ms; location /s { return 200 x; }")
        let good = "GET /s HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n"
        let bad = "GET /bad HTTP/1.1\r\nHost: a\r\nX-A: 2\r\nA B: c\r\n\r\n"
        let late = "GET /late HTTP/1.1\r\nHost: a\r\nX-A: 3\r\n"
        for (rest, status) in [(bad, 400), (late, 408)] {
            let client = try harness.client()
            client.send(good + rest)
            #expect(try client.response().status == 200)
            #expect(try client.response().status == status)
        }
        #expect(eventually { (try? read(path))?.split(separator: "\n").count == 4 })
        let lines = try read(path).split(separator: "\n")
        #expect(lines.contains("GET /bad HTTP/1.1|400|\(bad.utf8.count)|2"))
        #expect(lines.contains("GET /late HTTP/1.1|408|\(late.utf8.count)|3"))
    }

    @Test func `a log that is written seldom does not keep another one waiting`() throws {
        let folder = TemporaryFolder()
        let (seldom, soon) = (folder.file("seldom"), folder.file("soon"))
        let harness = try Harness(
            ["unix:/none"],
            server: """
                location /seldom { access_log \(seldom) combined buffer=64k flush=1h; return 204; }
                location /soon { access_log \(soon); return 204; }
                """)
        _ = try harness.get("/seldom")
        _ = try harness.get("/soon")
        #expect(eventually { (try? read(soon))?.contains("/soon") == true })
        #expect(try read(seldom).isEmpty)
        harness.stop()
        #expect(try read(seldom).contains("/seldom"))
    }

    @Test func `a node that cannot be connected to is told of with the reason, by a waiting request once`() throws {
        let folder = TemporaryFolder()
        let path = folder.file("errors")
        let listener = try ListeningSocket.listen(on: .ipv4(0x7F00_0001, port: 0))
        let address = listener.localAddress!.description
        listener.close()
        let harness = try Harness(
            ["\(address) max_fails=0"], upstream: "queue 10 timeout=500ms;", server: "error_log \(path);",
            location: "fastcgi_next_upstream_tries 3; add_header X-Tried $upstream_addr always;")
        let start = ContinuousClock.now
        let response = try harness.get("/")
        #expect(response.status == 502)
        // All of them is one, and no try of the three.
        #expect(response.field("X-Tried") == address)
        #expect(ContinuousClock.now - start >= .milliseconds(490))
        let lines = try read(path).split(separator: "\n").filter { $0.contains("[error]") }
        let reason = "connect() failed (111: Connection refused) while connecting to upstream"
        #expect(lines.first?.contains(reason) == true)
        #expect(lines.count <= 2)
    }

    @Test func `variables tell of the connection, the request's port and the time in the queue`() throws {
        let node = try TestResponder { _ in [.sleep(.milliseconds(60)), .stdout("\r\nhello"), .end()] }
        defer { node.stop() }
        let harness = try Harness(
            ["\(node.address) max_conns=1"],
            server: """
                location = /port { return 200 "$is_request_port$request_port"; }
                location = /path { return 200 "$tcpinfo_rtt,$tcpinfo_rttvar,$tcpinfo_snd_cwnd,$tcpinfo_rcv_space"; }
                location = /time { return 200 $connection_time; }
                """, location: "add_header X-Queued \"$upstream_queue_time\";")
        for (host, port) in [("a:81", ":81"), ("a", ""), ("a.:82", ":82"), ("[::1]:83", ":83"), ("[::1]", "")] {
            #expect(try harness.ask("GET /port HTTP/1.1\r\nHost: \(host)\r\n\r\n").text == port)
        }
        let path = try harness.get("/path").text.split(separator: ",").compactMap { Int($0) }
        #expect(path.count == 4 && path.allSatisfy { $0 > 0 }, "\(path)")
        let client = try harness.client()
        usleep(20_000)
        client.send("GET /time HTTP/1.1\r\nHost: a\r\n\r\n")
        let time = try client.response().text
        #expect(time.hasPrefix("0.") && time >= "0.020", "\(time)")

        let (first, second) = (try harness.client(), try harness.client())
        first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(eventually { node.requests.count == 1 })
        second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try first.response().field("X-Queued") == "-")
        let queued = try #require(try second.response().field("X-Queued"))
        #expect(queued.hasPrefix("0.0") && queued > "0.000", "\(queued)")
    }

    private func read(_ path: String) throws -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
