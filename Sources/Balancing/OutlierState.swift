/// The state of outlier detection for one peer.
struct OutlierState {
    private(set) var consecutiveErrors = 0
    // For the current interval: all requests, those that failed, those with a time to the head, and the sum of these
    // times.
    private(set) var requests = 0
    private(set) var errors = 0
    private var timed = 0
    private var totalTime: Int64 = 0
    /// The number of ejections in a row. Each interval in which the peer is never ejected reduces it by 1.
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

    /// The average time to the response's head in microseconds; nil if fewer than `volume` requests have such a time.
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
