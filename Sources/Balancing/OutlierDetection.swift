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

package struct Ejection: Sendable, Hashable {
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        case consecutiveErrors = "consecutive_errors"
        case errorPercent = "error_percent"
        case latency
    }

    package let address: String
    package let reason: Reason
    package let duration: Milliseconds

    package init(address: String, reason: Reason, duration: Milliseconds) {
        self.address = address
        self.reason = reason
        self.duration = duration
    }
}

/// The number of ejections of a peer by reason.
package struct EjectionCounts: Sendable, Hashable {
    // Plain numbers instead of a dictionary, because each choice copies the state of the peers.
    private var byConsecutiveErrors = 0
    private var byErrorPercent = 0
    private var byLatency = 0

    package private(set) subscript(_ reason: Ejection.Reason) -> Int {
        get {
            switch reason {
            case .consecutiveErrors: byConsecutiveErrors
            case .errorPercent: byErrorPercent
            case .latency: byLatency
            }
        }
        set {
            switch reason {
            case .consecutiveErrors: byConsecutiveErrors = newValue
            case .errorPercent: byErrorPercent = newValue
            case .latency: byLatency = newValue
            }
        }
    }

    mutating func add(_ reason: Ejection.Reason) { self[reason] += 1 }
}

/// The state of outlier detection for one peer.
struct OutlierState {
    private(set) var consecutiveErrors = 0
    // In the current interval:
    private(set) var requests = 0
    private(set) var errors = 0
    private var timed = 0
    private var totalTime: Int64 = 0
    /// Ejections in a row. Each interval without one reduces it by 1.
    private var ejectionsInARow = 0
    private(set) var ejectedUntil = Milliseconds.min
    private(set) var ejections = EjectionCounts()

    func isEjected(at now: Milliseconds) -> Bool { now < ejectedUntil }

    mutating func count(isError: Bool, toHead: Int64?) {
        requests += 1
        if isError {
            errors += 1
            consecutiveErrors += 1
        } else {
            consecutiveErrors = 0
        }
        guard let toHead else { return }
        timed += 1
        totalTime += toHead
    }

    /// In microseconds; nil: fewer than `volume` requests.
    func averageTime(of volume: Int) -> Int64? { timed > 0 && timed >= volume ? totalTime / Int64(timed) : nil }

    mutating func eject(for reason: Ejection.Reason, _ rules: OutlierDetection, at now: Milliseconds) -> Milliseconds {
        ejectionsInARow += 1
        let (product, isTooLong) = rules.baseEjectionTime.multipliedReportingOverflow(by: Int64(ejectionsInARow))
        let duration = min(isTooLong ? .max : product, max(rules.baseEjectionTime, rules.maxEjectionTime))
        ejectedUntil = now + duration
        ejections.add(reason)
        startInterval()
        consecutiveErrors = 0
        return duration
    }

    mutating func endInterval(begunAt start: Milliseconds) {
        startInterval()
        if !isEjected(at: start), ejectionsInARow > 0 { ejectionsInARow -= 1 }
    }

    private mutating func startInterval() {
        requests = 0
        errors = 0
        timed = 0
        totalTime = 0
    }
}

extension GroupState {
    /// Records the end of a request of `peers[index]`, and ejects peers if it is time.
    mutating func recordForOutlierDetection(
        _ index: Int, isError: Bool, toHead: Int64?, _ rules: OutlierDetection, now: Milliseconds
    ) -> [Ejection] {
        // A request that started before the ejection does not count.
        if !peers[index].outlier.isEjected(at: now) { peers[index].outlier.count(isError: isError, toHead: toHead) }
        var ejections: [Ejection] = []
        if rules.consecutiveErrors > 0, peers[index].outlier.consecutiveErrors >= rules.consecutiveErrors {
            eject(index, for: .consecutiveErrors, rules, now, into: &ejections)
        }
        if now - intervalStart >= rules.interval { endInterval(rules, now, into: &ejections) }
        return ejections
    }

    private mutating func endInterval(_ rules: OutlierDetection, _ now: Milliseconds, into ejections: inout [Ejection])
    {
        let start = intervalStart
        intervalStart = now
        let volume = max(1, rules.requestVolume)
        if rules.errorPercent > 0 {
            for index in peers.indices where peers[index].outlier.requests >= volume {
                let outlier = peers[index].outlier
                if outlier.errors * 100 >= outlier.requests * rules.errorPercent {
                    eject(index, for: .errorPercent, rules, now, into: &ejections)
                }
            }
        }
        if rules.latencyHundredths > 0 {
            let times = peers.indices.compactMap { index in
                peers[index].outlier.averageTime(of: volume).map { (index: index, time: $0) }
            }
            if times.count > 1 {
                // For an even number, take the lower of the two middle values: of two peers, the slower one can be ejected.
                let median = times.map(\.time).sorted()[(times.count - 1) / 2]
                for (index, time) in times
                where Double(time) * 100 >= Double(max(1, median)) * Double(rules.latencyHundredths) {
                    eject(index, for: .latency, rules, now, into: &ejections)
                }
            }
        }
        for index in peers.indices { peers[index].outlier.endInterval(begunAt: start) }
    }

    private mutating func eject(
        _ index: Int, for reason: Ejection.Reason, _ rules: OutlierDetection, _ now: Milliseconds,
        into ejections: inout [Ejection]
    ) {
        let ejected = peers.count { $0.outlier.isEjected(at: now) }
        guard peers.count > 1, !peers[index].outlier.isEjected(at: now),
            (ejected + 1) * 100 <= peers.count * rules.maxEjectionPercent
        else { return }
        let duration = peers[index].outlier.eject(for: reason, rules, at: now)
        peers[index].beginSlowStart(at: now + duration)
        ejections.append(Ejection(address: peers[index].peer.address, reason: reason, duration: duration))
    }
}

extension PeerGroup {
    /// - Parameter rules: nil: no peer is ejected
    package func setOutlierDetection(_ rules: OutlierDetection?) { state.withLock { $0.outliers = rules } }
}
