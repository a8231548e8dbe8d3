internal import Synchronization

/// When a peer is ejected because it does worse than it should: Envoy's outlier detection.
///
/// Unlike `max_fails`, it counts responses with a status from 500 on as well, and looks at how long they took.
package struct OutlierDetection: Sendable, Hashable {
    /// So many errors in a row. 0: not by this.
    package var consecutiveErrors = 5
    /// Per cent of an interval's requests that are errors. 0: not by this.
    package var errorPercent = 0
    /// Hundredths of the median of the peers' average times to the head of a response. 0: not by this.
    package var latencyHundredths = 0
    /// The fewest requests of an interval that tell anything of a peer's errors or times.
    package var requestVolume = 20
    package var interval: Milliseconds = 10_000
    /// Of the first ejection; the n-th in a row lasts n times as long.
    package var baseEjectionTime: Milliseconds = 30_000
    package var maxEjectionTime: Milliseconds = 300_000
    /// The most of the peers that are ejected at a time, in per cent, rounded down.
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

/// How often a peer was ejected for what.
package struct EjectionCounts: Sendable, Hashable {
    // Plain numbers: a peer's state is copied at each choice.
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

/// What outlier detection knows of one peer.
struct OutlierState {
    private(set) var consecutiveErrors = 0
    // Of this interval.
    private(set) var requests = 0
    private(set) var errors = 0
    private var timed = 0
    private var totalTime: Int64 = 0
    /// Ejections in a row: one less for each interval that ends without.
    private var repetitions = 0
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

    /// In microseconds. nil: too few requests to tell.
    func averageTime(of volume: Int) -> Int64? { timed > 0 && timed >= volume ? totalTime / Int64(timed) : nil }

    mutating func eject(for reason: Ejection.Reason, _ rules: OutlierDetection, at now: Milliseconds) -> Milliseconds {
        repetitions += 1
        let (product, isTooLong) = rules.baseEjectionTime.multipliedReportingOverflow(by: Int64(repetitions))
        let duration = min(isTooLong ? .max : product, max(rules.baseEjectionTime, rules.maxEjectionTime))
        ejectedUntil = now + duration
        ejections.add(reason)
        startInterval()
        consecutiveErrors = 0
        return duration
    }

    mutating func endInterval(begunAt start: Milliseconds) {
        startInterval()
        if !isEjected(at: start), repetitions > 0 { repetitions -= 1 }
    }

    private mutating func startInterval() {
        requests = 0
        errors = 0
        timed = 0
        totalTime = 0
    }
}

extension GroupState {
    /// A request of `peers[index]` has ended.
    mutating func countForOutliers(
        _ index: Int, isError: Bool, toHead: Int64?, _ rules: OutlierDetection, now: Milliseconds
    ) -> [Ejection] {
        // What ends late says nothing of a peer after its ejection.
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
                // Of an even number the lower one of the two: of two peers the slow one may go.
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
        peers[index].startRamp(at: now + duration)
        ejections.append(Ejection(address: peers[index].peer.address, reason: reason, duration: duration))
    }
}

extension PeerGroup {
    /// nil: no peer is ejected.
    package func setOutlierDetection(_ rules: OutlierDetection?) { state.withLock { $0.outliers = rules } }
}
