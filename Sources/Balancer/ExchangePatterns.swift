internal import NginxConfig
internal import Patterns

/// Regular expressions: where one matches, its groups become variables, until another one matches.
extension Exchange {
    func matches(_ index: Int, _ subject: [UInt8]) -> Bool {
        let pattern = configuration.patterns[index]
        guard worker.matcher.matches(pattern, subject.span, into: &groups.ranges) else { return false }
        groups.subject = subject
        groups.pattern = pattern
        return true
    }

    func appendGroup(_ number: Int, to out: inout [UInt8]) -> Bool {
        guard groups.ranges.indices.contains(number) else { return false }
        out.append(contentsOf: groups.subject[groups.ranges[number]])
        return true
    }

    func appendGroup(named name: String, to out: inout [UInt8]) -> Bool {
        guard let number = groups.pattern?.group(named: name) else { return false }
        return appendGroup(number, to: &out)
    }

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

/// What the groups of the last pattern matched.
struct PatternGroups {
    var subject: [UInt8] = []
    var ranges: [Range<Int>] = []
    var pattern: Pattern?

    mutating func removeAll() {
        if pattern == nil { return }
        subject = []
        ranges.removeAll(keepingCapacity: true)
        pattern = nil
    }
}
