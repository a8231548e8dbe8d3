/// The `rate=` of a `limit_req_zone`.
///
/// nginx rounds a rate down to thousandths of a request per second: `100r/m` is 1.666 r/s. This type rounds in the same
/// way if the rate is a whole number of requests. Decimal rates, which nginx does not have, are exact to a millionth.
package struct RequestRate: Sendable, Hashable {
    /// Millionths of a request per second, at least 1.
    package let millionthsPerSecond: Int64

    /// Creates the rate of nginx's `100r/s` (`requests` is 100 and `seconds` is 1) or `100r/m` (`seconds` is 60).
    package init?(requests: Int, per seconds: Int) {
        guard requests > 0, seconds > 0, requests <= 1_000_000_000 else { return nil }
        let thousandths = Int64(requests) * 1_000 / Int64(seconds)
        guard thousandths > 0 else { return nil }
        millionthsPerSecond = thousandths * 1_000
    }

    package init?(millionthsPerSecond: Int64) {
        guard (1...1_000_000_000_000_000).contains(millionthsPerSecond) else { return nil }
        self.millionthsPerSecond = millionthsPerSecond
    }

    /// How much drains in `time`, in thousandths of a request, rounded down.
    func thousandths(in time: Milliseconds) -> Int64 {
        // On overflow, return Int64.max / 4, which is enough to empty any bucket. A larger value could overflow when
        // the caller calculates with it.
        let (product, overflow) = millionthsPerSecond.multipliedReportingOverflow(by: time)
        return overflow ? Int64.max / 4 : product / 1_000_000
    }

    /// How long `thousandths` of a request take to drain, rounded down, as nginx rounds a delay.
    func time(for thousandths: Int64) -> Milliseconds {
        let (high, low) = thousandths.multipliedFullWidth(by: 1_000_000)
        return millionthsPerSecond.dividingFullWidth((high, low)).quotient
    }

    /// Like ``time(for:)``, but rounded up, so that everything has drained after this time.
    func timeRoundedUp(for thousandths: Int64) -> Milliseconds {
        let (high, low) = thousandths.multipliedFullWidth(by: 1_000_000)
        let (quotient, remainder) = millionthsPerSecond.dividingFullWidth((high, low))
        return remainder == 0 ? quotient : quotient + 1
    }
}
