internal import Synchronization

/// The rules by which a peer is ejected because it performs worse than the others, as in Envoy's outlier detection.
///
/// Unlike `max_fails`, outlier detection also counts responses with a status of 500 or higher, and can look at the
/// response time.
package struct OutlierDetection: Sendable, Hashable {
    /// A peer is ejected after this many errors in a row; 0: off.
    package var consecutiveErrors = 5
    /// A peer is ejected if its error rate in an interval reaches this value, in percent; 0: off.
    package var errorPercent = 0
    /// A peer is ejected if its average time to the response header reaches this value, in hundredths of the peers'
    /// median; 0: off.
    package var latencyHundredths = 0
    /// The error rate and the time of a peer count only if it had at least this many requests in the interval.
    package var requestVolume = 20
    package var interval: Milliseconds = 10_000
    /// The duration of the first ejection. The n-th in a row lasts n times as long.
    package var baseEjectionTime: Milliseconds = 30_000
    package var maxEjectionTime: Milliseconds = 300_000
    /// The maximum share of ejected peers, in percent. The resulting number of peers is rounded down.
    package var maxEjectionPercent = 50

    package init() {}
}

extension PeerGroup {
    /// - Parameter rules: nil: no peer is ejected
    package func setOutlierDetection(_ rules: OutlierDetection?) { state.withLock { $0.outliers = rules } }
}
