/// A regular expression as written in the file. This target does not compile it.
package struct PatternText: Sendable, Hashable {
    package let text: String
    /// Whether the case of letters is ignored (`~*`).
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
