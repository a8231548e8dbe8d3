import FoundationEssentials
import Glibc
import Supervisor

/// `daemon on`: the balancer runs in a background process. The command ends when that process serves requests.
enum Daemon {
    /// The variable that marks the background process.
    private static let mark = "MILLRACE_DAEMON_PROCESS"

    /// Starts the background process and waits until it serves.
    /// - Returns: `false` in the background process itself, which has to serve.
    static func start(pidFile: String) throws -> Bool {
        var environment = ProcessInfo.processInfo.environment
        guard environment[mark] == nil else { return false }
        environment[mark] = "1"
        var command = Command(
            WholeSystem.program, Array(CommandLine.arguments.dropFirst()), environment: environment)
        command.deathSignal = 0
        let child = try ChildProcess(command, name: "daemon", output: .inherited)
        // The process writes the pid file when its listeners are bound. Until then the file may contain the id of
        // another balancer.
        while (try? String(contentsOfFile: pidFile, encoding: .utf8)) != "\(child.pid)\n" {
            if let exit = child.waitForExit(.milliseconds(20)) {
                throw CommandFailure(description: "[alert] the balancer \(exit)")
            }
        }
        return true
    }
}
