internal import CLinux
internal import Glibc
internal import Threading

/// A process that this one started. It never outlives this one (``Command/deathSignal``).
package final class ChildProcess: Sendable {
    package let name: String
    package let pid: CInt
    private let pipes: [Pipe]
    /// How it ended. While it is `nil` the process id is not yet free for another process.
    private let ending = Monitor<ExitReason?>(nil)

    /// Starts a process.
    /// - Parameter name: for the threads that serve it.
    package init(_ command: Command, name: String, output: Output) throws(SpawnError) {
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
            // First without reaping, so that the id stays taken until `ending` says that it is free.
            while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            ending.broadcast { ending in
                var status: CInt = 0
                while waitpid(pid, &status, 0) < 0, errno == EINTR {}
                ending = ExitReason(status: status)
            }
        }
    }

    /// `nil`: it is running.
    package var exit: ExitReason? { ending.withLock { $0 } }

    /// Sends a signal, unless the process has ended: its id may be another's by then.
    package func signal(_ signal: CInt) {
        ending.withLock { ending in
            if ending == nil { _ = kill(pid, signal) }
        }
    }

    package func waitForExit() -> ExitReason { ending.wait { $0 } }

    /// - Returns: `nil` when it still runs after `timeout`.
    package func waitForExit(_ timeout: Duration) -> ExitReason? { ending.wait(for: timeout) { $0 } }

    /// Waits until all output was handed on. Processes that the child left behind may hold it open, hence the limit.
    package func waitForOutput(_ timeout: Duration) {
        for pipe in pipes { pipe.waitForEnd(timeout) }
    }

    /// Asks the process to end, and kills it after `limit`.
    package func stop(_ signal: CInt = SIGTERM, limit: Duration) -> ExitReason {
        self.signal(signal)
        if let exit = waitForExit(limit) { return exit }
        self.signal(SIGKILL)
        return waitForExit()
    }
}
