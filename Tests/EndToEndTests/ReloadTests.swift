import Client
import FoundationEssentials
import Glibc
import JSON
import Supervisor
import Synchronization
import TestSupport
import Testing
import Threading

/// Reloads, a binary upgrade and a lack of descriptors while the balancer serves clients.
@Suite(.serialized)
struct ReloadTests {
    @Test(arguments: ["", " reuseport"])
    func `no request fails during ten reloads with other worker_processes and a binary upgrade under full load`(
        _ parameter: String
    ) throws {
        let system = try RunningSystem(nodes: 2, workers: 1)
        let folder = TemporaryFolder()
        let port = freePort()
        func configure(workers: Int, round: Int) throws -> String {
            try folder.write(
                """
                daemon off;
                worker_processes \(workers);
                pid balancer.pid;
                error_log error.log notice;
                events { worker_connections 256; }
                http {
                    access_log off;
                    upstream nodes {
                        server unix:\(system.nodeSocket(1)) max_conns=512;
                        server unix:\(system.nodeSocket(2)) max_conns=512;
                        \(round % 2 == 0 ? "least_conn;" : "")
                        keepalive 32;
                    }
                    server {
                        listen 127.0.0.1:\(port)\(parameter);
                        location / {
                            add_header X-Round \(round) always;
                            fastcgi_pass nodes;
                            fastcgi_keep_conn on;
                            fastcgi_param REQUEST_METHOD $request_method;
                            fastcgi_param REQUEST_URI $request_uri;
                            fastcgi_param CONTENT_TYPE $content_type;
                            fastcgi_param CONTENT_LENGTH $content_length;
                            fastcgi_param SERVER_PROTOCOL $server_protocol;
                            fastcgi_param REMOTE_ADDR $remote_addr;
                            fastcgi_param MILLRACE_REQUEST_KEY $request_id;
                        }
                    }
                }
                """, to: "balancer.conf")
        }
        let file = try configure(workers: 2, round: 0)
        let old = try Program.millrace(["balancer", "-c", file, "-p", folder.path])
        try eventually("the balancer listens") { isListening(port) }
        func pid(_ name: String) -> CInt? { processID(in: folder.file(name)) }
        func log() -> String { (try? String(contentsOfFile: folder.file("error.log"), encoding: .utf8)) ?? "" }
        let load = KeepAliveLoad(port: port, clients: 8)
        try eventually("requests are answered") { load.answered > 200 }

        for round in 1...10 {
            _ = try configure(workers: [1, 3, 2, 4][round % 4], round: round)
            kill(old.process.pid, SIGHUP)
            try eventually("round \(round) is in force") { load.lastRound == round }
            let before = load.answered
            try eventually("requests are answered after the reload") { load.answered > before + 100 }
        }
        #expect(log().split(separator: "\n").count { $0.hasSuffix(": reconfigured") } == 10)

        kill(old.process.pid, SIGUSR2)
        try eventually("the pid file contains the pid of the new process") {
            pid("balancer.pid").map { $0 != old.process.pid } ?? false
        }
        let new = try #require(pid("balancer.pid"))
        defer { kill(new, SIGKILL) }
        try eventually("the new process has started") { log().contains("\(new)#0: start worker threads") }
        kill(old.process.pid, SIGQUIT)
        #expect(try old.waitForExit(within: .seconds(20)) == .exited(code: 0))
        let before = load.answered
        try eventually("the new process answers") { load.answered > before + 200 }

        load.stop()
        #expect(load.failures == [])
        // Each answered request has created one task.
        #expect(
            try system.sql("SELECT (SELECT count(*) FROM task) + (SELECT count(*) FROM finished_task)")
                == "\(load.answered)")
        kill(new, SIGQUIT)
        try eventually("the process ends and removes its pid file") { access(folder.file("balancer.pid"), F_OK) != 0 }
        try system.stop()
    }

    @Test func `when descriptors run out, idle connections are closed, and new clients are served`() throws {
        let folder = TemporaryFolder()
        let port = freePort()
        let file = try folder.write(
            """
            daemon off;
            worker_rlimit_nofile 64;
            error_log error.log warn;
            events { worker_connections 1024; }
            http {
                access_log off;
                server { listen 127.0.0.1:\(port); location / { return 200 fine; } }
            }
            """, to: "balancer.conf")
        let balancer = try Program.millrace(["balancer", "-c", file, "-p", folder.path])
        try eventually("the balancer listens") { isListening(port) }
        var connections: [HTTPConnection] = []
        for _ in 0..<300 {
            let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: .seconds(10))
            #expect(try connection.request("GET", "/").status == 200)
            connections.append(connection)
        }
        #expect(try connections[299].request("GET", "/").status == 200)
        let log = try String(contentsOfFile: folder.file("error.log"), encoding: .utf8)
        #expect(log.contains("accept4() failed (24: Too many open files), reusing connections"))
        #expect(!log.contains("worker_connections are not enough"))
        kill(balancer.process.pid, SIGQUIT)
        #expect(try balancer.waitForExit(within: .seconds(10)) == .exited(code: 0))
    }
}

/// Clients that send one POST after another. Each keeps its connection until the balancer closes it.
private final class KeepAliveLoad: Sendable {
    private struct Counts {
        var answered = 0
        var lastRound = 0
        var failures: [String] = []
    }

    private let counts = Mutex(Counts())
    private let isDone = Atomic<Bool>(false)
    private let threads = Mutex<[NamedThread]>([])

    init(port: UInt16, clients: Int) {
        let made = (0..<clients).map { client in
            NamedThread("client \(client)") { [self] in
                let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: .seconds(20))
                var number = 0
                while !isDone.load(ordering: .relaxed) {
                    number += 1
                    send("client \(client) \(number)", on: connection)
                }
            }
        }
        threads.withLock { $0 = made }
    }

    private func send(_ text: String, on connection: HTTPConnection) {
        do {
            let response = try connection.request(
                "POST", "/tasks", json: ["type": "md5", "input": ["string": .string(text)]])
            counts.withLock { counts in
                if response.status == 202 {
                    counts.answered += 1
                    counts.lastRound = max(counts.lastRound, Int(response.header("X-Round") ?? "") ?? 0)
                } else {
                    counts.failures.append("\(response.status) \(response.text)")
                }
            }
        } catch {
            counts.withLock { $0.failures.append("\(error)") }
        }
    }

    var answered: Int { counts.withLock { $0.answered } }
    var lastRound: Int { counts.withLock { $0.lastRound } }
    var failures: [String] { counts.withLock { $0.failures } }

    func stop() {
        isDone.store(true, ordering: .relaxed)
        for thread in threads.withLock({ $0 }) { thread.join() }
    }
}
