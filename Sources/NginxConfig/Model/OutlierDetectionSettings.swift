/// `outlier_detection`, which nginx does not have: a peer that performs worse than the others is ejected for some time.
package struct OutlierDetectionSettings: Sendable, Hashable {
    /// A peer is ejected after this many errors in a row; 0: off.
    package internal(set) var consecutiveErrors = 5
    /// A peer is ejected if its error rate in an interval reaches this value, in percent; 0: off.
    package internal(set) var errorPercent = 0
    /// A peer is ejected if its average time to the response header reaches this value, in hundredths of the peers'
    /// median; 0: off.
    package internal(set) var latencyHundredths = 0
    /// The error rate and the time are considered only if the peer had at least this many requests in the interval.
    package internal(set) var requestVolume = 20
    package internal(set) var interval = Duration.seconds(10)
    package internal(set) var baseEjectionTime = Duration.seconds(30)
    package internal(set) var maxEjectionTime = Duration.seconds(300)
    /// The maximum share of ejected peers, in percent.
    package internal(set) var maxEjectionPercent = 50
}
