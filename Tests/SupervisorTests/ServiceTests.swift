import Glibc
import Supervisor
import TestSupport
import Testing

struct ServiceTests {
    private let log = ServiceLog(names: ["service"])

    private func shell(_ script: String) -> Command {
        Command("/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin"])
    }

    @Test func `a service that is killed is restarted`() throws {
        let service = Service("service", shell("exec sleep 100"), stopTimeout: .seconds(5), log: log)
        service.start()
        let first = try eventually("a first process") { service.pid }
        kill(first, SIGKILL)
        let second = try eventually("a second process") { service.pid.flatMap { $0 == first ? nil : $0 } }
        service.askToStop()
        #expect(service.waitUntilStopped(.seconds(5)))
        #expect(kill(second, 0) == -1)
    }

    @Test func `a service that ends because of invalid settings is reported`() throws {
        let service = Service("service", shell("exit 78"), stopTimeout: .seconds(5), log: log)
        service.start()
        let failure = try eventually("the failure") { service.failure }
        #expect(failure == "service ended with code 78")
        service.askToStop()
        #expect(service.waitUntilStopped(.seconds(5)))
    }

    @Test func `stages stop in the opposite order, and a service that ignores the signal is killed`() throws {
        let folder = TemporaryFolder()
        let order = folder.file("order")
        func service(_ name: String, _ limit: Duration) -> Service {
            Service(
                name,
                shell(
                    "trap 'echo \(name) >> \(order); exit' TERM; touch \(order).\(name); while :; do sleep 0.05; done"),
                stopTimeout: limit, log: log)
        }
        let deaf = Service(
            "deaf", shell("trap '' TERM; touch \(order).deaf; while :; do sleep 0.05; done"),
            stopTimeout: .milliseconds(200), log: log)
        let group = ServiceGroup()
        group.start([service("one", .seconds(10))])
        group.start([deaf])
        group.start([service("three", .seconds(10))])
        for name in ["one", "deaf", "three"] {
            try eventually("\(name) runs") { access("\(order).\(name)", F_OK) == 0 }
        }
        group.stop()
        let text = try Program("/bin/cat", [order])
        _ = try text.waitForExit()
        #expect(text.standardOutput == "three\none\n")
        #expect(deaf.pid == nil)
    }

    @Test func `a missing program is an error with its reason`() {
        let error = #expect(throws: SpawnError.self) {
            _ = try ChildProcess(Command("/nowhere/at-all", environment: [:]), name: "x", output: .discarded)
        }
        #expect(error?.description == "cannot start /nowhere/at-all: No such file or directory")
    }

    @Test func `the error for a locked folder names the process`() throws {
        let folder = TemporaryFolder()
        let lock = try FolderLock(folder.path)
        let error = #expect(throws: SetupError.self) { _ = try FolderLock(folder.path) }
        #expect(error?.description == "the folder \(folder.path) is in use by process \(getpid())")
        withExtendedLifetime(lock) {}
    }

    @Test func `the sockets of a data folder with a long path are always in the same short folder`() throws {
        let folder = TemporaryFolder()
        #expect(try SocketFolder.make(data: folder.path, runtime: nil) == folder.path + "/run")
        let long = folder.path + "/" + String(repeating: "x", count: 100)
        let first = try SocketFolder.make(data: long, runtime: nil)
        defer { Folder.remove(first) }
        #expect(first.hasPrefix("/tmp/millrace-"))
        #expect(try SocketFolder.make(data: long, runtime: nil) == first)
        #expect(try SocketFolder.make(data: long, runtime: folder.path).hasPrefix(folder.path))
    }
}
