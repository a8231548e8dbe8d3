/// Prometheus's text exposition format, version 0.0.4.
struct PrometheusText {
    private(set) var text = ""

    mutating func append(_ name: String, _ family: MetricRegistry.Family, help: String?) {
        guard let first = family.series.values.first else { return }
        header(name, type: Self.type(of: first), help: help)
        for (labels, cell) in family.series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            switch cell {
            case let counter as CounterCell: sample(name, labels, String(counter.value))
            case let gauge as GaugeCell: sample(name, labels, Self.number(gauge.value))
            case let histogram as HistogramCell: append(name, labels, histogram)
            default: break
            }
        }
    }

    mutating func header(_ name: String, type: String, help: String?) {
        if let help {
            text += "# HELP \(name) \(help.escaped(quotes: false))\n"
        }
        text += "# TYPE \(name) \(type)\n"
    }

    mutating func sample(_ name: String, _ labels: [MetricRegistry.Label], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.name)=\"\($0.value.escaped(quotes: true))\"" }.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    /// Buckets are cumulative: each one counts all values up to its bound.
    private mutating func append(_ name: String, _ labels: [MetricRegistry.Label], _ histogram: HistogramCell) {
        let values = histogram.values
        var count: UInt64 = 0
        for (bound, inBucket) in zip(histogram.bounds + [.infinity], values.counts) {
            count += inBucket
            let bucket = MetricRegistry.Label(name: "le", value: Self.number(bound))
            sample("\(name)_bucket", labels + [bucket], String(count))
        }
        sample("\(name)_sum", labels, Self.number(values.sum))
        sample("\(name)_count", labels, String(count))
    }

    private static func type(of cell: any AnyObject & Sendable) -> String {
        switch cell {
        case is CounterCell: "counter"
        case is GaugeCell: "gauge"
        default: "histogram"
        }
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return value.description
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
    static func metricName(_ name: String) -> String { sanitized(name, allowing: ":") }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`
    static func labelName(_ name: String) -> String { sanitized(name, allowing: nil) }

    private static func sanitized(_ name: String, allowing extra: Character?) -> String {
        let isFine = { (character: Character) in
            character == "_" || character == extra || (character.isASCII && (character.isLetter || character.isNumber))
        }
        let clean = String(name.map { isFine($0) ? $0 : "_" })
        return clean.first.map { $0.isNumber ? "_" + clean : clean } ?? "_"
    }
}

extension String {
    fileprivate func escaped(quotes: Bool) -> String {
        var escaped = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
