internal import Bytes

/// Parses nginx's numbers, sizes, times and flags.
enum Values {
    // MARK: The value of a directive, with nginx's message if it is invalid

    static func flag(_ directive: Directive) throws(ConfigurationError) -> Bool {
        switch directive.arguments[0].lowercased() {
        case "on": return true
        case "off": return false
        default:
            throw directive.error(
                "invalid value \"\(directive.arguments[0])\" in \"\(directive.name)\" directive,"
                    + " it must be \"on\" or \"off\"")
        }
    }

    static func flag(_ directive: Directive) throws(ConfigurationError) -> Bool? {
        let value: Bool = try flag(directive)
        return value
    }

    static func number(_ directive: Directive) throws(ConfigurationError) -> Int {
        guard let number = number(directive.arguments[0]) else { throw directive.namedError("invalid number") }
        return number
    }

    static func number(_ directive: Directive) throws(ConfigurationError) -> Int? {
        let value: Int = try number(directive)
        return value
    }

    static func size(_ directive: Directive) throws(ConfigurationError) -> Int {
        guard let size = size(directive.arguments[0]) else { throw directive.namedError("invalid value") }
        return size
    }

    /// Parses the level `info`, `notice`, `warn` or `error`.
    static func limitLogLevel(_ directive: Directive) throws(ConfigurationError) -> ErrorLog.Level {
        guard let level = ErrorLog.Level(rawValue: directive.arguments[0]),
            [.info, .notice, .warn, .error].contains(level)
        else { throw directive.error("invalid value \"\(directive.arguments[0])\"") }
        return level
    }

    static func offset(_ directive: Directive) throws(ConfigurationError) -> UInt64 {
        guard let bytes = bytes(directive.arguments[0], units: "kmg") else {
            throw directive.namedError("invalid value")
        }
        return UInt64(bytes)
    }

    static func milliseconds(_ directive: Directive) throws(ConfigurationError) -> Duration {
        guard let time = time(directive.arguments[0], unit: .milliseconds) else {
            throw directive.namedError("invalid value")
        }
        return time
    }

    static func milliseconds(_ directive: Directive) throws(ConfigurationError) -> Duration? {
        let value: Duration = try milliseconds(directive)
        return value
    }

    static func seconds(_ directive: Directive, argument: Int) throws(ConfigurationError) -> Duration {
        guard let time = time(directive.arguments[argument], unit: .seconds) else {
            throw directive.namedError("invalid value")
        }
        return time
    }

    static func errorStatus(_ directive: Directive) throws(ConfigurationError) -> Int {
        let status: Int = try number(directive)
        guard (400...599).contains(status) else { throw directive.error("value must be between 400 and 599") }
        return status
    }

    static func connections(_ directive: Directive) throws(ConfigurationError) -> Int {
        guard let count = number(directive.arguments[0]), count > 0 else {
            throw directive.error("invalid number \"\(directive.arguments[0])\"")
        }
        return count
    }

    static func workerProcesses(_ directive: Directive) throws(ConfigurationError) -> MainSettings.WorkerProcesses {
        if directive.arguments[0] == "auto" { return .auto }
        guard let count = number(directive.arguments[0]), count > 0 else { throw directive.namedError("invalid value") }
        return .count(count)
    }

    // MARK: The value of a text

    /// Parses a number of decimal digits, without a sign.
    static func number(_ text: String) -> Int? {
        text.utf8.allSatisfy(\.isDigit) ? Int(text) : nil
    }

    /// Parses a number of bytes, with an optional `k` or `m` in either case.
    static func size(_ text: String) -> Int? {
        bytes(text, units: "km")
    }

    private static func bytes(_ text: String, units: String) -> Int? {
        guard let last = text.last.map({ Character($0.lowercased()) }), units.contains(last) else {
            return number(text)
        }
        let shift = last == "k" ? 10 : last == "m" ? 20 : 30
        guard let number = number(String(text.dropLast())), number <= Int.max >> shift else { return nil }
        return number << shift
    }

    /// Parses `3`, `2.5` or `1.25` into hundredths.
    static func hundredths(_ text: String) -> Int? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let whole = number(parts[0]), !parts[0].isEmpty, whole < 1_000_000 else { return nil }
        guard parts.count == 2 else { return whole * 100 }
        guard (1...2).contains(parts[1].utf8.count), let fraction = number(parts[1]) else { return nil }
        return whole * 100 + (parts[1].utf8.count == 1 ? fraction * 10 : fraction)
    }
}
