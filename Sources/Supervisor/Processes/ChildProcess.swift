internal import CLinux
internal import Glibc
internal import Threading

/// A child process. The kernel ends it when this process ends (``Command/deathSignal``).
package final class ChildProcess: Sendable {
    package let name: String
    package let pid: CInt
    private let pipes: [Pipe]
    /// How the process ended. While it is `nil`, the process id cannot belong to another process.
    private let ending = Monitor<ExitReason?>(nil)

    /// Starts a process.
    /// - Parameter name: part of the names of the threads that serve the process.
    package init(_ command: Command, name: String, output: ChildOutput) throws(SpawnError) {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        func pipe(_ handler: @escaping @Sendable ([UInt8]) -> Void) throws(SpawnError) -> Pipe {
            guard let pipe = Pipe(name: "log \(name)", handler: handler) else {
                throw SpawnError(program: command.program, code: errno)
            }
            return pipe
        }
        var outputEnd: CInt = 1
        var errorEnd: CInt = 2
        switch output {
        case .inherited:
            pipes = []
        case .discarded:
            pipes = []
            outputEnd = null
            errorEnd = null
        case .merged(let handler):
            pipes = [try pipe(handler)]
            outputEnd = pipes[0].writeEnd
            errorEnd = outputEnd
        case .separate(let output, let error):
            pipes = [try pipe(output), try pipe(error)]
            outputEnd = pipes[0].writeEnd
            errorEnd = pipes[1].writeEnd
        }
        let started = Spawner.spawn(command, input: command.input ?? null, output: outputEnd, error: errorEnd)
        for pipe in pipes { pipe.closeWriteEnd() }
        pid = try started.get()
        self.name = name
        _ = NamedThread("wait \(name)") { [pid, ending] in
            pthread_detach(pthread_self())
            var information = siginfo_t()
            // Wait first without reaping the process, so that its id stays reserved until `ending` is set.
            while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            ending.broadcast { ending in
                var status: CInt = 0
                while waitpid(pid, &status, 0) < 0, errno == EINTR {}
                ending = ExitReason(status: status)
            }
        }
    }

    /// How the process ended; `nil` while it runs.
    package var exit: ExitReason? { ending.withLock { $0 } }

    /// Sends a signal, unless the process has ended: its id may then belong to another process.
    package func signal(_ signal: CInt) {
        ending.withLock { ending in
            if ending == nil { _ = kill(pid, signal) }
        }
    }

    package func waitForExit() -> ExitReason { ending.wait { $0 } }

    /// - Returns: `nil` if the process still runs after `timeout`.
    package func waitForExit(_ timeout: Duration) -> ExitReason? { ending.wait(for: timeout) { $0 } }

    /// Waits until all output was delivered. The timeout is needed because processes that the child left behind may
    /// keep the pipe open.
    package func waitForOutput(_ timeout: Duration) {
        for pipe in pipes { pipe.waitForEnd(timeout) }
    }

    /// Asks the process to end, and kills it after `timeout`.
    package func stop(_ signal: CInt = SIGTERM, timeout: Duration) -> ExitReason {
        self.signal(signal)
        if let exit = waitForExit(timeout) { return exit }
        self.signal(SIGKILL)
        return waitForExit()
    }
}
