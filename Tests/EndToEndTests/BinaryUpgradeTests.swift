import Client
import FoundationEssentials
import Glibc
import Supervisor
import Synchronization
import TestSupport
import Testing
import Threading

/// The replacement of a running balancer by a new process (USR2).
struct BinaryUpgradeTests {
    @Test func `USR2 and QUIT replace the balancer's process under load, and no request fails`() throws {
        let folder = TemporaryFolder()
        let port = freePort()
        let file = try folder.write(
            """
            daemon off;
            pid balancer.pid;
            error_log error.log notice;
            events {}
            http {
                access_log off;
                server {
                    listen 127.0.0.1:\(port);
                    location / { return 200 fine; }
                }
            }
            """, to: "balancer.conf")
        let old = try Program.millrace(["balancer", "-c", file, "-p", folder.path])
        try eventually("the balancer listens") { isListening(port) }
        func pid(_ name: String) -> CInt? { processID(in: folder.file(name)) }
        try eventually("the pid file contains the pid") { pid("balancer.pid") == old.process.pid }

        let isDone = Atomic<Bool>(false)
        let answers = Atomic<Int>(0)
        let failures = Mutex<[String]>([])
        let clients = (0..<3).map { _ in
            NamedThread("client") {
                while !isDone.load(ordering: .relaxed) {
                    do {
                        // Each request has its own connection, and every connection must be accepted.
                        let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: .seconds(10))
                        let response = try connection.request("GET", "/")
                        if response.status == 200 {
                            answers.add(1, ordering: .relaxed)
                        } else {
                            failures.withLock { $0.append("\(response.status)") }
                        }
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                }
            }
        }
        kill(old.process.pid, SIGUSR2)
        try eventually("the pid file contains the pid of the new process") {
            pid("balancer.pid").map { $0 != old.process.pid } ?? false
        }
        let new = try #require(pid("balancer.pid"))
        defer { kill(new, SIGKILL) }
        #expect(pid("balancer.pid.oldbin") == old.process.pid)
        try eventually("the new process has started") {
            (try? String(contentsOfFile: folder.file("error.log"), encoding: .utf8))?.contains(
                "\(new)#0: start worker threads") == true
        }
        kill(old.process.pid, SIGQUIT)
        #expect(try old.waitForExit(within: .seconds(10)) == .exited(code: 0))
        let before = answers.load(ordering: .relaxed)
        try eventually("the new process answers") { answers.load(ordering: .relaxed) > before + 50 }
        isDone.store(true, ordering: .relaxed)
        for client in clients { client.join() }
        #expect(failures.withLock { $0 } == [])
        #expect(pid("balancer.pid") == new)
        #expect(access(folder.file("balancer.pid.oldbin"), F_OK) != 0)
        kill(new, SIGQUIT)
        try eventually("the process ends and removes its pid file") { access(folder.file("balancer.pid"), F_OK) != 0 }
    }

    @Test func `a new process that is stopped leaves the unix socket and the pid file to the old process`() throws {
        let folder = TemporaryFolder()
        let socket = folder.file("b.sock")
        let file = try folder.write(
            """
            daemon off; pid balancer.pid; error_log error.log notice; events {}
            http { access_log off; server { listen unix:\(socket); location / { return 200 $pid; } } }
            """, to: "balancer.conf")
        let old = try Program.millrace(["balancer", "-c", file, "-p", folder.path])
        func pid() -> CInt? { processID(in: folder.file("balancer.pid")) }
        func log() -> String { (try? String(contentsOfFile: folder.file("error.log"), encoding: .utf8)) ?? "" }
        try eventually("the pid file contains the pid") { pid() == old.process.pid }
        kill(old.process.pid, SIGUSR2)
        try eventually("the pid file contains the pid of the new process") {
            pid().map { $0 != old.process.pid } ?? false
        }
        let new = try #require(pid())
        defer { kill(new, SIGKILL) }
        try eventually("the new process has started") { log().contains("\(new)#0: start worker threads") }
        // A third process could not start: there are names for only two pid files (`balancer.pid`,
        // `balancer.pid.oldbin`).
        kill(new, SIGUSR2)
        try eventually("the new process ignores USR2") {
            log().contains("\(new)#0: the changing binary signal is ignored")
        }
        kill(new, SIGQUIT)
        try eventually("the new process is gone") { pid() == old.process.pid }
        let connection = HTTPConnection(to: .unix(path: socket), timeout: .seconds(10))
        #expect(try connection.request("GET", "/").status == 200)
        kill(old.process.pid, SIGQUIT)
        #expect(try old.waitForExit(within: .seconds(10)) == .exited(code: 0))
        #expect(access(socket, F_OK) != 0)
        #expect(access(folder.file("balancer.pid"), F_OK) != 0)
    }
}
