internal import FoundationEssentials
internal import Glibc
internal import Supervisor
internal import TestSupport

/// A program of a measured system. Its output goes to the benchmark's own output.
final class MeasuredProgram {
    private let child: ChildProcess
    private let stopSignal: CInt

    var pid: Int32 { child.pid }

    /// - Parameters:
    ///   - environment: variables that replace or extend this process's environment.
    ///   - stopSignal: the signal for an orderly end. The program also gets it when this process ends.
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

    /// Waits until `isReady` is true.
    /// - Parameter what: the condition in words, for the error.
    /// - Throws: an error after 30 s, or when the program ends.
    func wait(until what: String, _ isReady: () -> Bool) throws {
        try eventually(what, within: .seconds(30), every: .milliseconds(50)) {
            if let exit = child.exit { throw BenchError("\(child.name) \(exit)") }
            return isReady()
        }
    }

    func waitForExit() throws {
        let exit = child.waitForExit()
        guard exit.isSuccess else { throw BenchError("\(child.name) \(exit)") }
    }

    func stop() { _ = child.stop(stopSignal, timeout: .seconds(20)) }
}
