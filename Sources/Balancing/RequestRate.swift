/// A `rate=` of `limit_req_zone`.
///
/// nginx counts in thousandths of a request per second and cuts off what is finer (`100r/m` is 1.666 r/s); whole
/// numbers are taken exactly so here. Decimal rates, which nginx does not have, keep a millionth.
package struct RequestRate: Sendable, Hashable {
    /// Millionths of a request per second, at least 1.
    package let millionthsPerSecond: Int64

    /// nginx's `100r/s` (`seconds` 1) and `100r/m` (60).
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

    /// Parses `100r/s`, `100r/m`, and with a decimal point `0.5r/s`.
    package init?(parsing text: String) {
        let seconds: Int
        switch text.suffix(3) {
        case "r/s": seconds = 1
        case "r/m": seconds = 60
        default: return nil
        }
        let number = text.dropLast(3)
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard number.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }), let whole = Int(parts[0]) else {
            return nil
        }
        switch parts.count {
        case 1: self.init(requests: whole, per: seconds)
        case 2 where (1...6).contains(parts[1].utf8.count) && whole <= 1_000_000_000:
            let digits = parts[1] + String(repeating: "0", count: 6 - parts[1].utf8.count)
            guard let fraction = Int64(digits) else { return nil }
            self.init(millionthsPerSecond: (Int64(whole) * 1_000_000 + fraction) / Int64(seconds))
        default: return nil
        }
    }

    /// What drains in `time`, in thousandths of a request, rounded down.
    func thousandths(in time: Milliseconds) -> Int64 {
        // Longer than this empties any bucket, and a product further on would overflow.
        let (product, overflow) = millionthsPerSecond.multipliedReportingOverflow(by: time)
        return overflow ? Int64.max / 4 : product / 1_000_000
    }

    /// How long `thousandths` of a request take to drain, rounded down as nginx does for a delay.
    func time(for thousandths: Int64) -> Milliseconds {
        let (high, low) = thousandths.multipliedFullWidth(by: 1_000_000)
        return millionthsPerSecond.dividingFullWidth((high, low)).quotient
    }

    /// The same, rounded up: after this time at least so much has drained.
    func timeRoundedUp(for thousandths: Int64) -> Milliseconds {
        let (high, low) = thousandths.multipliedFullWidth(by: 1_000_000)
        let (quotient, remainder) = millionthsPerSecond.dividingFullWidth((high, low))
        return remainder == 0 ? quotient : quotient + 1
    }
}
