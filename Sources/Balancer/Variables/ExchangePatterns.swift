internal import NginxConfig
internal import Patterns

/// Regular expressions: where one matches, its groups become variables: the numbered ones until another one matches, those
/// with names until one matches that has the same name.
extension Exchange {
    func matches(_ index: Int, _ subject: [UInt8]) -> Bool {
        let pattern = configuration.patterns[index]
        guard loop.matcher.matches(pattern, subject.span, into: &groups.last.ranges) else { return false }
        groups.last.subject = subject
        if pattern.hasNames { groups.keep(pattern) }
        return true
    }

    func appendGroup(_ number: Int, to out: inout [UInt8]) -> Bool { groups.last.append(number, to: &out) }

    func appendGroup(named name: String, to out: inout [UInt8]) -> Bool { groups.append(named: name, to: &out) }

    /// The value of a `map`.
    func appendMapped(_ index: Int, to out: inout [UInt8]) -> Bool {
        let map = configuration.maps[index]
        // A map may be made of itself in a circle: then it ends in nothing.
        guard mapDepth < 16 else { return false }
        mapDepth += 1
        defer { mapDepth -= 1 }
        let source = value(of: map.source)
        let key = source.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
        let value = map.exact[key] ?? map.patterns.first { matches($0.pattern, source) }?.value ?? map.fallback
        let start = out.count
        append(value, to: &out)
        return out.count > start
    }
}

/// What the groups of the patterns matched.
struct PatternGroups {
    struct Match {
        var subject: [UInt8] = []
        /// The whole match, then each group.
        var ranges: [Range<Int>] = []

        func append(_ number: Int, to out: inout [UInt8]) -> Bool {
            guard ranges.indices.contains(number) else { return false }
            out.append(contentsOf: subject[ranges[number]])
            return true
        }
    }

    var last = Match()
    /// Of each pattern that has names, the last match; the latest at the end.
    private var named: [(pattern: Pattern, match: Match)] = []

    /// The last match was this pattern's.
    mutating func keep(_ pattern: Pattern) {
        named.removeAll { $0.pattern === pattern }
        named.append((pattern, last))
    }

    func append(named name: String, to out: inout [UInt8]) -> Bool {
        for (pattern, match) in named.reversed() {
            if let number = pattern.group(named: name) { return match.append(number, to: &out) }
        }
        return false
    }

    mutating func removeAll() {
        if last.ranges.isEmpty { return }
        last.subject = []
        last.ranges.removeAll(keepingCapacity: true)
        named.removeAll()
    }
}
