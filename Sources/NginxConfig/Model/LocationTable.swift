/// Finds the location of a path, as nginx does. An exact location wins. Otherwise the longest prefix is found, and the
/// locations nested in it are searched. The first regular expression that matches overrides this prefix, unless the
/// prefix has `^~`.
///
/// A lookup allocates nothing.
package struct LocationTable: Sendable {
    private struct Entry: Sendable {
        let path: [UInt8]
        /// Whether the location has `^~`. If so, no regular expression overrides it.
        var isFinal = false
        /// Index into `Server.locations`.
        let location: Int
        var nested = LocationTable()
    }

    private struct PatternEntry: Sendable {
        /// Index into `HTTPConfiguration.patterns`.
        let pattern: Int
        let location: Int
        let nested: LocationTable
    }

    package struct Found {
        /// Index into `Server.locations`.
        package let location: Int
        /// Whether an exact location or a regular expression has matched. If so, the outer regular expressions are not
        /// tried.
        let isFinal: Bool
    }

    package init() {}

    private var exact: [Entry] = []
    /// The prefix locations, the longest prefix first.
    private var prefixes: [Entry] = []
    /// The locations with a regular expression, in the order of the file.
    private var patterns: [PatternEntry] = []

    /// - Returns: false if there is already a location with the same modifier and path
    mutating func insert(_ match: Location.Match, location: Int, nested: LocationTable) -> Bool {
        switch match {
        case .server:
            return false
        case .named:
            // A path never leads to a named location.
            return true
        case .exact(let path):
            let path = Array(path.utf8)
            if exact.contains(where: { $0.path == path }) { return false }
            exact.append(Entry(path: path, location: location))
        case .prefix(let path):
            return insert(Entry(path: Array(path.utf8), location: location, nested: nested))
        case .finalPrefix(let path):
            return insert(Entry(path: Array(path.utf8), isFinal: true, location: location, nested: nested))
        case .pattern(_, let index):
            patterns.append(PatternEntry(pattern: index, location: location, nested: nested))
        }
        return true
    }

    private mutating func insert(_ entry: Entry) -> Bool {
        if prefixes.contains(where: { $0.path == entry.path }) { return false }
        let place = prefixes.firstIndex { $0.path.count < entry.path.count } ?? prefixes.endIndex
        prefixes.insert(entry, at: place)
        return true
    }

    private var isEmpty: Bool { exact.isEmpty && prefixes.isEmpty && patterns.isEmpty }

    /// - Parameters:
    ///   - path: decoded and normalized, without the query
    ///   - matches: whether the regular expression at an index of `HTTPConfiguration.patterns` matches the path; called
    ///     only if there are locations with a regular expression
    package func location(for path: Span<UInt8>, matches: (Int) -> Bool) -> Found? {
        // Access entries by index: a copy of an entry would retain and release each of its arrays.
        for index in exact.indices
        where exact[index].path.count == path.count && Self.starts(path, with: exact[index].path) {
            return Found(location: exact[index].location, isFinal: true)
        }
        var found: Found?
        var triesPatterns = true
        for index in prefixes.indices where Self.starts(path, with: prefixes[index].path) {
            let inner =
                prefixes[index].nested.isEmpty ? nil : prefixes[index].nested.location(for: path, matches: matches)
            if let inner, inner.isFinal { return inner }
            found = inner ?? Found(location: prefixes[index].location, isFinal: false)
            triesPatterns = !prefixes[index].isFinal
            break
        }
        if triesPatterns, !patterns.isEmpty {
            for entry in patterns where matches(entry.pattern) {
                let inner = entry.nested.location(for: path, matches: matches)
                return Found(location: inner?.location ?? entry.location, isFinal: true)
            }
        }
        return found
    }

    private static func starts(_ path: Span<UInt8>, with prefix: [UInt8]) -> Bool {
        guard path.count >= prefix.count else { return false }
        for index in 0..<prefix.count where path[index] != prefix[index] {
            return false
        }
        return true
    }
}
