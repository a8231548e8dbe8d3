/// The response times of one request, in microseconds from the choice of the peer.
package struct ResponseTimes: Sendable, Hashable {
    /// The time until the end of the response's head.
    package let toHead: Int64
    /// The time until the last byte of the response.
    package let toEnd: Int64

    package init(toHead: Int64, toEnd: Int64) {
        self.toHead = toHead
        self.toEnd = toEnd
    }
}

/// A histogram of durations.
package struct TimeHistogram: Sendable, Hashable {
    /// The upper bounds of the buckets, in microseconds. The last bucket has none.
    package static let bounds: [Int64] = [
        500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
        10_000_000,
    ]

    /// One count per bucket. There is one more bucket than there are bounds.
    package private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
    /// The sum of all durations, in microseconds.
    package private(set) var sum: Int64 = 0

    package init() {}

    package var count: Int { counts.reduce(0, +) }

    package mutating func add(_ microseconds: Int64) {
        var bucket = 0
        while bucket < Self.bounds.count, microseconds > Self.bounds[bucket] { bucket += 1 }
        counts[bucket] += 1
        sum += microseconds
    }
}
