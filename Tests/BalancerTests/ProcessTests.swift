import FoundationEssentials
import Glibc
import Supervisor
import TestSupport
import Testing
import Threading

@testable import Balancer

/// The start and the end of a balancer: the port, the user, the pid file, and draining.
struct ProcessTests {
    @Test func `worker_shutdown_timeout limits the time of a drain`() throws {
        let gate = Gate(isOpen: false)
        defer { gate.open() }
        let node = try TestResponder { _ in [.pass(gate), .stdout("\r\nlate"), .end()] }
        defer { node.stop() }
        let harness = try Harness(
            text: "worker_shutdown_timeout 100ms;\n" + Harness.text([node.address]))
        let busy = try harness.client()
        busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try node.waitForRequests(1)
        // The node does not answer, so only the time-out can end the drain.
        harness.stop(draining: true)
        #expect(try busy.endsWithoutResponse())
    }

    @Test func `a drain finishes the current requests, and accepts no new connection`() throws {
        let gate = Gate(isOpen: false)
        defer { gate.open() }
        let node = try TestResponder { _ in [.pass(gate), .stdout("\r\nlate"), .end()] }
        defer { node.stop() }
        let harness = try Harness([node.address])
        let (busy, idle) = (try harness.client(), try harness.client())
        busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try node.waitForRequests(1)
        let stopper = NamedThread("stop") { harness.stop(draining: true) }
        #expect(try idle.endsWithoutResponse())
        let port = try #require(UInt16(harness.address.split(separator: ":").last ?? ""))
        try eventually("the balancer accepts no new connection") { !isListening(port) }
        gate.open()
        #expect(try busy.response().text == "late")
        #expect(try busy.endsWithoutResponse())
        stopper.join()
    }

    @Test func `a port that is in use is reported in nginx's words`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address])
        let text = Harness.text([node.address], listen: harness.address)
        let error = #expect(throws: BalancerError.self) {
            try Balancer(BalancerOptions(text: text, name: "t.conf", prefix: "/tmp/"))
        }
        #expect(error?.description == "bind() to \(harness.address) failed (98: Address already in use)")
    }

    @Test func `the pid file exists while the balancer runs`() throws {
        let folder = TemporaryFolder()
        let path = folder.file("balancer.pid")
        let socket = "unix:\(folder.file("socket"))"
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

    @Test(.enabled(if: geteuid() == 0)) func `root's balancer continues as the user of the configuration`()
        throws
    {
        let folder = TemporaryFolder()
        let socket = "/tmp/mr-\(UInt64.random(in: 0 ... .max)).sock"
        let text = "user nobody nogroup;\npid balancer.pid;\n" + Harness.text(["unix:/none"], listen: "unix:\(socket)")
        let file = try folder.write(text, to: "balancer.conf")
        let program = try Program.millrace(["balancer", "-c", file, "-p", folder.path])
        try eventually("the balancer has started", within: .seconds(30)) {
            access(socket, F_OK) == 0 && access(folder.file("balancer.pid"), F_OK) == 0
        }
        let nobody = getpwnam("nobody").pointee.pw_uid
        try eventually("the process runs as nobody") {
            let status = try String(contentsOfFile: "/proc/\(program.process.pid)/status", encoding: .utf8)
            return status.contains("Uid:\t\(nobody)\t\(nobody)\t")
        }
        unlink(socket)

        let unknown = try folder.write(
            "user no-such-user;\n" + Harness.text(["unix:/none"], listen: "unix:\(socket)"), to: "bad.conf")
        let refused = try Program.millrace(["balancer", "-c", unknown, "-p", folder.path])
        #expect(try refused.waitForExit() == .exited(code: 1))
        #expect(refused.standardError.contains("[emerg] getpwnam(\"no-such-user\") failed"))
    }
}
