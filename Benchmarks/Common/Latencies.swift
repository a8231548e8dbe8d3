/// All latencies of a measurement, in nanoseconds. They are not collected in a histogram, so the percentiles are exact.
struct Latencies: Sendable {
    private(set) var nanoseconds: [UInt64] = []

    var count: Int { nanoseconds.count }

    mutating func add(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        nanoseconds.append(UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000))
    }

    mutating func merge(_ other: Latencies) { nanoseconds += other.nanoseconds }

    /// The percentile (`fraction` from 0 to 1, nearest rank) in milliseconds.
    func percentile(_ fraction: Double) -> Double { percentiles([fraction])[0] }

    func percentiles(_ fractions: [Double]) -> [Double] {
        let sorted = nanoseconds.sorted()
        return fractions.map { fraction in
            guard !sorted.isEmpty else { return .nan }
            let rank = max(1, Int((fraction * Double(sorted.count)).rounded(.up)))
            return Double(sorted[rank - 1]) / 1e6
        }
    }
}
