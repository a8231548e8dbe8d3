internal import Synchronization

/// When a peer is ejected because it performs worse than the others, as in Envoy's outlier detection.
///
/// Unlike `max_fails`, it also counts responses with a status of 500 or higher, and it can look at the response time.
package struct OutlierDetection: Sendable, Hashable {
    /// Errors in a row that eject a peer; 0: off.
    package var consecutiveErrors = 5
    /// The error rate of an interval that ejects a peer, in percent; 0: off.
    package var errorPercent = 0
    /// The average time to the response header that ejects a peer, in hundredths of the peers' median; 0: off.
    package var latencyHundredths = 0
    /// The error rate and the time of a peer count only if it had at least this many requests in the interval.
    package var requestVolume = 20
    package var interval: Milliseconds = 10_000
    /// The duration of the first ejection. The n-th in a row lasts n times as long.
    package var baseEjectionTime: Milliseconds = 30_000
    package var maxEjectionTime: Milliseconds = 300_000
    /// The maximum share of ejected peers, in percent, rounded down.
    package var maxEjectionPercent = 50

    package init() {}
}

extension PeerGroup {
    /// - Parameter rules: nil: no peer is ejected
    package func setOutlierDetection(_ rules: OutlierDetection?) { state.withLock { $0.outliers = rules } }
}
