internal import CLinux
internal import Glibc
internal import Threading

/// SIGINT, SIGTERM, SIGHUP and SIGQUIT as a request to stop, which can be waited for.
package final class StopSignals: Sendable {
    private let isStopping = Monitor(false)

    /// To be made on the first thread before there are others: they inherit that these signals are blocked.
    /// - Parameter onAgain: called when one comes a while after the first, on a thread of its own. At once after it
    ///   is no second wish: some senders signal the process, and then its group.
    package init(onAgain: @escaping @Sendable () -> Void) {
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
                    if ContinuousClock.now - first > .milliseconds(500) { onAgain() }
                } else {
                    first = .now
                    isStopping.broadcast { $0 = true }
                }
            }
        }
    }

    package var isRequested: Bool { isStopping.withLock { $0 } }

    /// - Returns: whether it was requested within `limit`.
    package func wait(_ limit: Duration) -> Bool { isStopping.wait(for: limit) { $0 ? true : nil } ?? false }
}
