extension DirectiveTable {
    /// `outlier_detection`, which nginx does not have.
    static let outlierDetectionRules: [DirectiveRule] = [
        DirectiveRule("outlier_detection", in: .upstream, arguments: .atLeast(0)) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            var outliers = OutlierDetectionSettings()
            for argument in directive.arguments {
                guard outliers.apply(parameter: argument) else { throw directive.invalidParameter(argument) }
            }
            builder.upstream?.outliers = outliers
        }
    ]
}

extension OutlierDetectionSettings {
    fileprivate mutating func apply(parameter: String) -> Bool {
        let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return false }
        let value = parts[1]
        switch parts[0] {
        case "consecutive_errors": return set(Values.number(value), 0...1_000_000, \.consecutiveErrors)
        case "error_percent": return set(Values.number(value), 0...100, \.errorPercent)
        case "request_volume": return set(Values.number(value), 1...1_000_000, \.requestVolume)
        case "max_ejection_percent": return set(Values.number(value), 1...100, \.maxEjectionPercent)
        case "latency_factor":
            let hundredths = Values.hundredths(value)
            // A smaller factor could eject a peer that is almost as fast as the others.
            return hundredths == 0 ? true : set(hundredths, 110...100_000, \.latencyHundredths)
        case "interval": return set(value, \.interval)
        case "base_ejection_time": return set(value, \.baseEjectionTime)
        case "max_ejection_time": return set(value, \.maxEjectionTime)
        default: return false
        }
    }

    private mutating func set(_ number: Int?, _ range: ClosedRange<Int>, _ path: WritableKeyPath<Self, Int>) -> Bool {
        guard let number, range.contains(number) else { return false }
        self[keyPath: path] = number
        return true
    }

    private mutating func set(_ text: String, _ path: WritableKeyPath<Self, Duration>) -> Bool {
        guard let time = Values.time(text, unit: .milliseconds), time > .zero else { return false }
        self[keyPath: path] = time
        return true
    }
}
