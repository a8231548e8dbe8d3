import FoundationEssentials
import Glibc
import NginxConfig
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

    /// Closes the standard descriptors that the daemon inherited from the process that started it. That process may
    /// read them to their end, as a shell does for `$(millrace balancer …)`. What the daemon writes to stderr later
    /// goes to the first error log, as in nginx.
    static func leaveTerminal(logs: [ErrorLog]) {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { return }
        defer { close(null) }
        dup2(null, 0)
        dup2(null, 1)
        for case .file(let path) in logs.map(\.destination) {
            let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
            guard file >= 0 else { continue }
            dup2(file, 2)
            close(file)
            return
        }
        dup2(null, 2)
    }
}
