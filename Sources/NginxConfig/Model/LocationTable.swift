/// Finds the location of a path: exact first, then the longest prefix, then the locations nested in it.
///
/// Look-ups allocate nothing.
struct LocationTable: Sendable {
    private struct Entry: Sendable {
        let path: [UInt8]
        /// Index into `Server.locations`.
        let location: Int
        var nested = LocationTable()
    }

    private var exact: [Entry] = []
    /// Longest first.
    private var prefixes: [Entry] = []

    /// False when a location of that kind and path is there already.
    mutating func insert(_ match: Location.Match, location: Int, nested: LocationTable) -> Bool {
        switch match {
        case .server:
            return false
        case .named:
            // Not found by a path.
            return true
        case .exact(let path):
            let path = Array(path.utf8)
            if exact.contains(where: { $0.path == path }) { return false }
            exact.append(Entry(path: path, location: location))
        case .prefix(let path), .finalPrefix(let path):
            let path = Array(path.utf8)
            if prefixes.contains(where: { $0.path == path }) { return false }
            let place = prefixes.firstIndex { $0.path.count < path.count } ?? prefixes.endIndex
            prefixes.insert(Entry(path: path, location: location, nested: nested), at: place)
        }
        return true
    }

    func location(for path: Span<UInt8>) -> Int? {
        for entry in exact where entry.path.count == path.count && Self.starts(path, with: entry.path.span) {
            return entry.location
        }
        for entry in prefixes where Self.starts(path, with: entry.path.span) {
            return entry.nested.location(for: path) ?? entry.location
        }
        return nil
    }

    private static func starts(_ path: Span<UInt8>, with prefix: Span<UInt8>) -> Bool {
        guard path.count >= prefix.count else { return false }
        for index in 0..<prefix.count where path[index] != prefix[index] {
            return false
        }
        return true
    }
}
