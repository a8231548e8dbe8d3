internal import FoundationEssentials
internal import Glibc
internal import Supervisor

/// A program of a system under measurement.
final class Program {
    private let child: ChildProcess
    private let stopSignal: CInt

    var pid: Int32 { child.pid }

    /// - Parameters:
    ///   - environment: beside this process's own.
    ///   - stopSignal: what ends it orderly; it is also what it gets if this process ends.
    init(
        _ name: String, _ command: [String], environment: [String: String] = [:], folder: String? = nil,
        stopSignal: CInt = SIGTERM
    ) throws {
        self.stopSignal = stopSignal
        var variables = ProcessInfo.processInfo.environment
        variables["PATH"] = (variables["PATH"] ?? "/usr/bin") + ":/usr/local/sbin:/usr/sbin:/sbin"
        variables.merge(environment) { $1 }
        var start = Command("/usr/bin/env", command, environment: variables, folder: folder)
        start.deathSignal = stopSignal
        child = try ChildProcess(start, name: name, output: .inherited)
    }

    /// Waits until `isReady`, and fails when the program ends before.
    func wait(for what: String, _ isReady: () -> Bool) throws {
        for _ in 0..<600 {
            if let exit = child.exit { throw BenchError("\(what) \(exit)") }
            if isReady() { return }
            usleep(50_000)
        }
        throw BenchError("\(what) was not ready within 30 s")
    }

    func waitForExit() throws {
        let exit = child.waitForExit()
        guard exit.isSuccess else { throw BenchError("\(child.name) \(exit)") }
    }

    func stop() { _ = child.stop(stopSignal, limit: .seconds(20)) }
}
