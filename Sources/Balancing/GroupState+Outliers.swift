extension GroupState {
    /// Records the end of a request to `peers[index]`. Ejects this peer if it had too many errors in a row. At the end
    /// of an interval, ejects all outliers.
    mutating func recordForOutlierDetection(
        _ index: Int, isError: Bool, toHead: Int64?, _ rules: OutlierDetection, now: Milliseconds
    ) -> [Ejection] {
        // A request that ends while its peer is ejected was sent before the ejection. It does not count.
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
                // For an even number of peers, the median is the lower of the two middle times. So the slower of two
                // peers can be ejected.
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
