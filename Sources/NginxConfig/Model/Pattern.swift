/// A regular expression as written: to compile it is for those who match.
package struct PatternText: Sendable, Hashable {
    package let text: String
    /// `~*`
    package let ignoresCase: Bool
    package let location: SourceLocation

    /// The names of its groups: `(?<name>…)`, `(?P<name>…)`, `(?'name'…)`.
    var groupNames: [String] {
        var names: [String] = []
        var rest = Substring(text)
        while let mark = rest.firstRange(of: "(?") {
            rest = rest[mark.upperBound...]
            if rest.hasPrefix("P<") { rest = rest.dropFirst() }
            guard let open = rest.first, open == "<" || open == "'" else { continue }
            let name = rest.dropFirst().prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            guard !name.isEmpty, rest.dropFirst(name.count + 1).first == (open == "<" ? ">" : "'") else { continue }
            names.append(String(name))
        }
        return names
    }
}

/// `map`: a variable made of others.
package struct VariableMap: Sendable, Hashable {
    package let source: Template
    /// By the source's value, in lower case.
    package internal(set) var exact: [[UInt8]: Template] = [:]
    /// Asked in order when no value is the source's.
    package internal(set) var patterns: [PatternEntry] = []
    package internal(set) var fallback = Template(parts: [])

    package struct PatternEntry: Sendable, Hashable {
        /// Index into `HTTPConfiguration.patterns`.
        package let pattern: Int
        package let value: Template
    }
}
