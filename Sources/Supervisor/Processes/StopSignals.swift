internal import CLinux
internal import Glibc
internal import Threading

/// Receives SIGINT, SIGTERM, SIGHUP and SIGQUIT as requests to stop.
package final class StopSignals: Sendable {
    private let isStopping = Monitor(false)

    /// Create it on the first thread before other threads exist, because new threads inherit the signal mask.
    /// - Parameter onRepeat: called on a separate thread if another signal arrives more than 500 ms after the first
    ///   signal. A signal within these 500 ms is ignored, because some senders signal the process and then its process
    ///   group.
    package init(onRepeat: @escaping @Sendable () -> Void) {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] { sigaddset(&signals, signal) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        _ = NamedThread("signals") { [isStopping, signals] in
            var signals = signals
            var first: ContinuousClock.Instant?
            while true {
                var signal: CInt = 0
                guard sigwait(&signals, &signal) == 0 else { continue }
                if let first {
                    if ContinuousClock.now - first > .milliseconds(500) { onRepeat() }
                } else {
                    first = .now
                    isStopping.broadcast { $0 = true }
                }
            }
        }
    }

    package var isRequested: Bool { isStopping.withLock { $0 } }

    /// - Returns: whether a stop was requested within `timeout`.
    package func wait(_ timeout: Duration) -> Bool { isStopping.wait(for: timeout) { $0 ? true : nil } ?? false }
}
