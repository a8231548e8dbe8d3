internal import Bytes

extension Values {
    enum TimeUnit {
        /// The allowed units are `y` (year), `M` (month), `w`, `d`, `h`, `m` and `s`.
        case seconds
        /// The allowed units are `w` (week), `d`, `h`, `m`, `s` and `ms`.
        case milliseconds
    }

    /// Parses `30`, `30s`, `1h 30m`, `500ms` or `1d12h` (`ngx_parse_time`). The units must go from large to small. A
    /// number without a unit is in seconds, and must be the last.
    static func time(_ text: String, unit: TimeUnit) -> Duration? {
        var units = Self.timeUnits[...]
        if unit == .milliseconds { units = units.dropFirst(2) } else { units = units.dropLast() }
        var rest = Array(text.utf8)[...]
        var total: Int64 = 0
        if rest.isEmpty { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix(while: \.isDigit)
            guard let number = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
            rest = rest.dropFirst(digits.count)
            let name = String(
                decoding: rest.prefix { (UInt8(ascii: "A")...UInt8(ascii: "z")).contains($0) }.prefix(2), as: UTF8.self)
            let milliseconds: Int64
            if rest.isEmpty || rest.first == ASCII.space {
                // Only blanks may follow a number without a unit.
                guard units.contains(where: { $0.name == "s" }), rest.allSatisfy({ $0 == ASCII.space }) else {
                    return nil
                }
                milliseconds = 1000
                rest = []
            } else {
                let unitName = name == "ms" ? name : String(name.prefix(1))
                guard let place = units.firstIndex(where: { $0.name == unitName }) else { return nil }
                milliseconds = units[place].milliseconds
                units = units[(place + 1)...]
                rest = rest.dropFirst(unitName.utf8.count).drop { $0 == ASCII.space }
            }
            let (product, tooBig) = number.multipliedReportingOverflow(by: milliseconds)
            let (sum, overflow) = total.addingReportingOverflow(product)
            if tooBig || overflow { return nil }
            total = sum
        }
        return .milliseconds(min(total, maxMilliseconds))
    }

    /// The maximum time: a century. Longer times are shortened to it, so that a future time fits into 64 bits of
    /// nanoseconds.
    private static let maxMilliseconds: Int64 = 100 * 365 * 86_400_000

    private static let timeUnits: [(name: String, milliseconds: Int64)] = [
        ("y", 365 * 86_400_000), ("M", 30 * 86_400_000), ("w", 7 * 86_400_000), ("d", 86_400_000),
        ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
}
