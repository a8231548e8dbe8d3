import FoundationEssentials
import Glibc
import Supervisor

/// `daemon on`: the balancer goes on in a process of its own, and the command ends when that one serves.
enum Daemon {
    /// Says to the process that goes on that it is the one.
    private static let mark = "MILLRACE_DAEMON_PROCESS"

    /// - Returns: `false` in the process that is to serve.
    static func start(pidFile: String) throws -> Bool {
        var environment = ProcessInfo.processInfo.environment
        guard environment[mark] == nil else { return false }
        environment[mark] = "1"
        var command = Command(
            WholeSystem.program, Array(CommandLine.arguments.dropFirst()), environment: environment)
        command.deathSignal = 0
        let child = try ChildProcess(command, name: "daemon", output: .inherited)
        // The pid file is written when the listeners are bound. Until then it may be that of a balancer that runs.
        while (try? String(contentsOfFile: pidFile, encoding: .utf8)) != "\(child.pid)\n" {
            if let exit = child.waitForExit(.milliseconds(20)) {
                throw CommandFailure(description: "[alert] the balancer \(exit)")
            }
        }
        return true
    }
}
