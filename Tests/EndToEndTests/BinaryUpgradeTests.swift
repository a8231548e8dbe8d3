import Client
import FoundationEssentials
import Glibc
import Supervisor
import Synchronization
import TestSupport
import Testing
import Threading

struct BinaryUpgradeTests {
    @Test func `USR2 and QUIT put another process in the balancer's place under load, and no request fails`() throws {
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
        try eventually("it listens") { isListening(port) }
        func pid(_ name: String) -> CInt? {
            (try? String(contentsOfFile: folder.file(name), encoding: .utf8)).flatMap {
                CInt($0.split(separator: "\n").first ?? "")
            }
        }
        try eventually("its pid is there") { pid("balancer.pid") == old.process.pid }

        let isDone = Atomic<Bool>(false)
        let answers = Atomic<Int>(0)
        let failures = Mutex<[String]>([])
        let clients = (0..<3).map { _ in
            NamedThread("client") {
                while !isDone.load(ordering: .relaxed) {
                    do {
                        // A connection for each request: none is refused.
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
        try eventually("the new process has its pid in the file") {
            pid("balancer.pid").map { $0 != old.process.pid } ?? false
        }
        let new = try #require(pid("balancer.pid"))
        defer { kill(new, SIGKILL) }
        #expect(pid("balancer.pid.oldbin") == old.process.pid)
        try eventually("the new process serves") {
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
        try eventually("it ends, and its pid file goes") { access(folder.file("balancer.pid"), F_OK) != 0 }
    }

    @Test func `a new process that is told to end leaves the old one its unix socket and its pid file`() throws {
        let folder = TemporaryFolder()
        let socket = folder.file("b.sock")
        let file = try folder.write(
            """
            daemon off; pid balancer.pid; error_log error.log notice; events {}
            http { access_log off; server { listen unix:\(socket); location / { return 200 $pid; } } }
            """, to: "balancer.conf")
        let old = try Program.millrace(["balancer", "-c", file, "-p", folder.path])
        func pid() -> CInt? {
            (try? String(contentsOfFile: folder.file("balancer.pid"), encoding: .utf8)).flatMap {
                CInt($0.split(separator: "\n").first ?? "")
            }
        }
        func log() -> String { (try? String(contentsOfFile: folder.file("error.log"), encoding: .utf8)) ?? "" }
        try eventually("its pid is there") { pid() == old.process.pid }
        kill(old.process.pid, SIGUSR2)
        try eventually("the new process has its pid in the file") { pid().map { $0 != old.process.pid } ?? false }
        let new = try #require(pid())
        defer { kill(new, SIGKILL) }
        try eventually("the new process serves") { log().contains("\(new)#0: start worker threads") }
        // A third one would take the first one's place in the pid files.
        kill(new, SIGUSR2)
        try eventually("no third") { log().contains("\(new)#0: the changing binary signal is ignored") }
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
