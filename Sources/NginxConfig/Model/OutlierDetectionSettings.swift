/// `outlier_detection`, a directive of the balancer's own: nodes that do worse than they should are put out for a while.
package struct OutlierDetectionSettings: Sendable, Hashable {
    /// 0: not by this.
    package internal(set) var consecutiveErrors = 5
    /// Per cent of an interval's requests; 0: not by this.
    package internal(set) var errorPercent = 0
    /// Hundredths of the nodes' median; 0: not by this.
    package internal(set) var latencyHundredths = 0
    /// Requests of an interval, below which it tells nothing.
    package internal(set) var requestVolume = 20
    package internal(set) var interval = Duration.seconds(10)
    package internal(set) var baseEjectionTime = Duration.seconds(30)
    package internal(set) var maxEjectionTime = Duration.seconds(300)
    /// Of the nodes.
    package internal(set) var maxEjectionPercent = 50
}
