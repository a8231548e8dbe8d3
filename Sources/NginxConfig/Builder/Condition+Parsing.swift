extension Builder {
    /// Parses `($variable)`, `($variable = text)`, `($variable != text)`, or `($variable ~ pattern)` with `~`, `~*`,
    /// `!~` or `!~*`.
    mutating func condition(_ directive: Directive) throws(ConfigurationError) -> Condition {
        var words = directive.arguments
        let last = words.count - 1
        guard words[0].hasPrefix("(") else { throw directive.error("invalid condition \"\(words[0])\"") }
        words[0].removeFirst()
        guard words[last].hasSuffix(")") else { throw directive.error("invalid condition \"\(words[last])\"") }
        words[last].removeLast()
        words.removeAll { $0.isEmpty }
        guard let subject = words.first else { throw directive.error("invalid condition \"\"") }
        if ["-f", "!-f", "-d", "!-d", "-e", "!-e", "-x", "!-x"].contains(subject) {
            throw directive.error("\"\(subject)\" in \"if\" is not supported")
        }
        guard subject.hasPrefix("$"), subject.utf8.count > 1 else {
            throw directive.error("invalid condition \"\(subject)\"")
        }
        guard let variable = variables.variable(named: String(subject.dropFirst())) else {
            throw directive.error("unknown \"\(subject.dropFirst())\" variable")
        }
        guard words.count > 1 else { return .holds(variable) }
        guard words.count == 3 else { throw directive.error("invalid condition \"\(subject)\"") }
        switch words[1] {
        case "=": return .equals(variable, try Template(words[2], of: directive, variables))
        case "!=": return .differs(variable, try Template(words[2], of: directive, variables))
        case "~", "~*", "!~", "!~*":
            let pattern = pattern(words[2], ignoresCase: words[1].hasSuffix("*"), directive)
            return .matches(variable, pattern: pattern, isNegated: words[1].hasPrefix("!"))
        default: throw directive.error("unexpected \"\(words[1])\" in condition")
        }
    }

    /// Adds a regular expression.
    /// - Returns: its index in `HTTPConfiguration.patterns`
    mutating func pattern(_ text: String, ignoresCase: Bool, _ directive: Directive) -> Int {
        http.patterns.append(PatternText(text: text, ignoresCase: ignoresCase, location: directive.location))
        return http.patterns.count - 1
    }
}
