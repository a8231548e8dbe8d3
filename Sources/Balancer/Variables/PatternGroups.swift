internal import Patterns

/// What the groups of the patterns matched: `$1`… are those of the last match; a named group keeps its value until another
/// pattern matches that has the same name.
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
    /// The last match of each pattern that has names; the latest at the end.
    private var named: [(pattern: Pattern, match: Match)] = []

    /// No groups, with the memory of the last match.
    mutating func reset() {
        if last.ranges.isEmpty { return }
        last.subject = []
        last.ranges.removeAll(keepingCapacity: true)
        named.removeAll()
    }

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
}
