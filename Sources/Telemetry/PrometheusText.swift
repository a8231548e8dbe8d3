/// Writes metrics in Prometheus's text exposition format, version 0.0.4: one family after the other, each with its
/// `HELP` and `TYPE` lines.
package struct PrometheusText {
    package enum Kind: String, Sendable {
        case counter
        case gauge
    }

    package struct Label: Hashable, Comparable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }

        package static func < (left: Label, right: Label) -> Bool {
            (left.name, left.value) < (right.name, right.value)
        }
    }

    package enum Number: Sendable {
        case integer(Int64)
        case double(Double)
    }

    /// The state of one histogram.
    package struct Histogram: Sendable {
        /// The upper bounds of the buckets in ascending order. The last bucket has no bound.
        package var bounds: [Double]
        /// The number of values in each bucket, not cumulative. There is one bucket more than there are bounds.
        package var counts: [UInt64]
        package var sum: Double

        package init(bounds: [Double], counts: [UInt64], sum: Double) {
            self.bounds = bounds
            self.counts = counts
            self.sum = sum
        }
    }

    package private(set) var text = ""

    package init() {}

    /// Writes a family of counters or gauges; nothing if there are no samples.
    /// - Parameter name: a valid metric name: `[a-zA-Z_:][a-zA-Z0-9_:]*`
    package mutating func family(
        _ name: String, _ kind: Kind, help: String?, _ samples: [(labels: [Label], value: Number)]
    ) {
        if samples.isEmpty { return }
        header(name, type: kind.rawValue, help: help)
        for (labels, value) in samples { sample(name, labels, Self.text(value)) }
    }

    /// Writes a family of histograms; nothing if there are no samples.
    package mutating func histograms(
        _ name: String, help: String?, _ samples: [(labels: [Label], value: Histogram)]
    ) {
        if samples.isEmpty { return }
        header(name, type: "histogram", help: help)
        for (labels, histogram) in samples { append(name, labels, histogram) }
    }

    private mutating func header(_ name: String, type: String, help: String?) {
        if let help {
            text += "# HELP \(name) \(help.escaped(quotes: false))\n"
        }
        text += "# TYPE \(name) \(type)\n"
    }

    private mutating func sample(_ name: String, _ labels: [Label], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.name)=\"\($0.value.escaped(quotes: true))\"" }.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    /// Buckets are cumulative: each one counts all values up to its bound.
    private mutating func append(_ name: String, _ labels: [Label], _ histogram: Histogram) {
        var count: UInt64 = 0
        for (bound, inBucket) in zip(histogram.bounds + [.infinity], histogram.counts) {
            count += inBucket
            sample("\(name)_bucket", labels + [Label("le", Self.text(.double(bound)))], String(count))
        }
        sample("\(name)_sum", labels, Self.text(.double(histogram.sum)))
        sample("\(name)_count", labels, String(count))
    }

    private static func text(_ number: Number) -> String {
        switch number {
        case .integer(let value): String(value)
        case .double(let value) where value.isNaN: "NaN"
        case .double(let value) where value.isInfinite: value > 0 ? "+Inf" : "-Inf"
        case .double(let value): Int64(exactly: value).map { String($0) } ?? value.description
        }
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
