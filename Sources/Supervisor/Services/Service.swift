internal import Glibc
internal import Threading

/// A process that is restarted when it ends, until it is asked to stop.
package final class Service: Sendable {
    package let name: String
    /// The signal that asks the process to finish its work and end.
    package let stopSignal: CInt
    /// How long the process may take to end after ``stopSignal``.
    package let stopTimeout: Duration
    /// The signal that ends the process immediately.
    let killSignal: CInt

    private let command: Command
    private let prepare: @Sendable () throws(SetupError) -> Void
    private let log: ServiceLog
    private let state = Monitor(State())

    private struct State {
        var child: ChildProcess?
        var isStopping = false
        var isFinished = false
        var restarts = 0
        /// Why a restart cannot help.
        var failure: String?
    }

    /// - Parameters:
    ///   - log: receives the output of the process, and a line each time that the process ends without having been
    ///     asked to.
    ///   - prepare: called before each start.
    package init(
        _ name: String, _ command: Command, stopSignal: CInt = 15, killSignal: CInt = 9, stopTimeout: Duration,
        log: ServiceLog,
        prepare: @escaping @Sendable () throws(SetupError) -> Void = {}
    ) {
        self.name = name
        self.command = command
        self.stopSignal = stopSignal
        self.killSignal = killSignal
        self.stopTimeout = stopTimeout
        self.log = log
        self.prepare = prepare
    }

    package func start() {
        _ = NamedThread("keep \(name)") { [self] in
            pthread_detach(pthread_self())
            keepRunning()
            state.broadcast { $0.isFinished = true }
        }
    }

    /// The id of the running process; `nil` if it does not run.
    package var pid: CInt? {
        state.withLock { state in state.child.flatMap { $0.exit == nil ? $0.pid : nil } }
    }

    /// How often the process was restarted.
    package var restarts: Int { state.withLock { $0.restarts } }

    /// Set if the process ended because its settings are invalid (exit codes 64 and 78 of sysexits.h). `nil` otherwise.
    package var failure: String? { state.withLock { $0.failure } }

    /// Asks the process to end. It is not restarted. Returns immediately.
    package func askToStop() { end(with: stopSignal) }

    /// Ends the process. Returns when it has ended.
    package func kill() {
        end(with: killSignal)
        if waitUntilStopped(.seconds(6)) { return }
        end(with: SIGKILL)
        _ = waitUntilStopped(.seconds(6))
    }

    /// - Returns: whether the service ended within `timeout`.
    package func waitUntilStopped(_ timeout: Duration) -> Bool {
        state.wait(for: timeout) { $0.isFinished ? true : nil } ?? false
    }

    private func end(with signal: CInt) {
        state.broadcast { state in
            state.isStopping = true
            state.child?.signal(signal)
        }
    }

    private func keepRunning() {
        var backoff = RestartBackoff()
        while true {
            let startedAt = ContinuousClock.now
            guard let ending = runOnce() else { return }
            let delay = backoff.delay(afterRunning: ContinuousClock.now - startedAt)
            log.write("\(ending); restarting in \(delay)", from: name)
            let isStopping = state.wait(for: delay) { $0.isStopping ? true : nil } ?? false
            if isStopping { return }
            state.withLock { $0.restarts += 1 }
        }
    }

    /// - Returns: how the process ended; `nil` if it was asked to stop.
    private func runOnce() -> String? {
        do {
            try prepare()
            let child = try ChildProcess(command, name: name, output: log.output(of: name))
            let wasStopped = state.withLock { state in
                state.child = child
                return state.isStopping
            }
            // A request to stop that came before `child` was set did not reach the process.
            if wasStopped { child.signal(stopSignal) }
            let exit = child.waitForExit()
            child.waitForOutput(.milliseconds(500))
            return state.withLock { state in
                if state.isStopping { return nil }
                if exit == .exited(code: 64) || exit == .exited(code: 78) { state.failure = "\(name) \(exit)" }
                return "\(exit)"
            }
        } catch {
            return state.withLock { $0.isStopping } ? nil : "\(error)"
        }
    }
}
