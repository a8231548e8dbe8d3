internal import CLinux
internal import Glibc
internal import Threading

/// SIGINT, SIGTERM, SIGHUP and SIGQUIT as a request to stop, which can be waited for.
package final class StopSignals: Sendable {
    private let count = Monitor(0)

    /// To be made on the first thread before there are others: they inherit that these signals are blocked.
    /// - Parameter onAgain: called when one comes after the first, on a thread of its own.
    package init(onAgain: @escaping @Sendable () -> Void) {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] { sigaddset(&signals, signal) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        _ = NamedThread("signals") { [count, signals] in
            var signals = signals
            while true {
                var signal: CInt = 0
                guard sigwait(&signals, &signal) == 0 else { continue }
                var isFirst = false
                count.broadcast { count in
                    isFirst = count == 0
                    count += 1
                }
                if !isFirst { onAgain() }
            }
        }
    }

    package var isRequested: Bool { count.withLock { $0 > 0 } }

    /// - Returns: whether it was requested within `limit`.
    package func wait(_ limit: Duration) -> Bool { count.wait(for: limit) { $0 > 0 ? true : nil } ?? false }
}
