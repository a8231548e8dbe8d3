internal import Glibc
internal import Threading

/// A process that is kept running: started again when it ends, until it is asked to stop.
package final class Service: Sendable {
    package let name: String
    /// What asks it to end with all it has, and how long it may take.
    package let stopSignal: CInt
    package let stopLimit: Duration
    /// What ends it without further ado.
    let quickSignal: CInt

    private let command: Command
    private let prepare: @Sendable () throws(SetupError) -> Void
    private let log: ServiceLog
    private let state = Monitor(State())

    private struct State {
        var child: ChildProcess?
        var isStopping = false
        var isFinished = false
        var restarts = 0
        /// Why starting it again is no use.
        var failure: String?
    }

    /// - Parameters:
    ///   - log: gets what the process writes, and a line when it ends on its own.
    ///   - prepare: what has to be done before every start.
    package init(
        _ name: String, _ command: Command, stopSignal: CInt = 15, quickSignal: CInt = 9, stopLimit: Duration,
        log: ServiceLog,
        prepare: @escaping @Sendable () throws(SetupError) -> Void = {}
    ) {
        self.name = name
        self.command = command
        self.stopSignal = stopSignal
        self.quickSignal = quickSignal
        self.stopLimit = stopLimit
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

    /// The process that runs now.
    package var pid: CInt? {
        state.withLock { state in state.child.flatMap { $0.exit == nil ? $0.pid : nil } }
    }

    /// How often it was started again.
    package var restarts: Int { state.withLock { $0.restarts } }

    /// Why it cannot run: it said itself that its settings are wrong (exit codes 64 and 78 of sysexits.h).
    package var failure: String? { state.withLock { $0.failure } }

    /// Asks it to end; it is not started again. Returns at once.
    package func askToStop() { end(with: stopSignal) }

    /// Ends it now. Returns when it is gone.
    package func kill() {
        end(with: quickSignal)
        if waitUntilStopped(.seconds(6)) { return }
        end(with: SIGKILL)
        _ = waitUntilStopped(.seconds(6))
    }

    /// - Returns: whether it ended in time.
    package func waitUntilStopped(_ limit: Duration) -> Bool {
        state.wait(for: limit) { $0.isFinished ? true : nil } ?? false
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
            log.write("\(ending); it is started again in \(delay)", from: name)
            let isStopping = state.wait(for: delay) { $0.isStopping ? true : nil } ?? false
            if isStopping { return }
            state.withLock { $0.restarts += 1 }
        }
    }

    /// - Returns: how it ended; `nil`: it was meant to.
    private func runOnce() -> String? {
        do {
            try prepare()
            let child = try ChildProcess(command, name: name, output: log.output(of: name))
            let wasStopped = state.withLock { state in
                state.child = child
                return state.isStopping
            }
            // Asked to stop between the decision to start and the start.
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
