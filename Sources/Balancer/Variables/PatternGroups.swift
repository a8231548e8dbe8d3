internal import Patterns

/// The groups of matched regular expressions. `$1`, `$2` and so on are the groups of the last match. A named group
/// keeps its value until a regular expression with a group of the same name matches.
struct PatternGroups {
    struct Match {
        var subject: [UInt8] = []
        /// The range of the whole match, then the range of each group.
        var ranges: [Range<Int>] = []

        func append(_ number: Int, to out: inout [UInt8]) -> Bool {
            guard ranges.indices.contains(number) else { return false }
            out.append(contentsOf: subject[ranges[number]])
            return true
        }
    }

    var last = Match()
    /// The last match of each pattern with named groups, the latest at the end.
    private var named: [(pattern: Pattern, match: Match)] = []

    /// Removes the groups, and keeps the memory.
    mutating func reset() {
        if last.ranges.isEmpty { return }
        last.subject = []
        last.ranges.removeAll(keepingCapacity: true)
        named.removeAll()
    }

    /// Keeps the last match for the named groups of its pattern.
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
