internal import Bytes

/// Chooses a server by the host of the request, as nginx does: by the exact name, then the longest `*.suffix`, then the
/// longest `prefix.*`, then the first regular expression that matches.
///
/// A lookup allocates nothing.
struct HostTable: Sendable {
    private var exact = NameIndex()
    private var leadingWildcards = NameIndex()
    private var trailingWildcards = NameIndex()
    /// The regular expressions in the order of the file. `pattern` is an index into `HTTPConfiguration.patterns`.
    private var patterns: [(pattern: Int, server: Int)] = []

    /// Whether there are regular expressions. Their groups set variables, so the expressions must be matched even if
    /// there is only one server.
    var hasPatterns: Bool { !patterns.isEmpty }

    mutating func insert(pattern: Int, server: Int) { patterns.append((pattern, server)) }

    /// Adds a valid `server_name`.
    /// - Returns: false if another server already has the name
    mutating func insert(_ name: String, server: Int) -> Bool {
        let bytes = Array(name.utf8)
        if name.hasPrefix("*.") { return leadingWildcards.insert(bytes.dropFirst(2), server) }
        if name.hasSuffix(".*") { return trailingWildcards.insert(bytes.dropLast(2), server) }
        if name.hasPrefix(".") {
            let isNew = exact.insert(bytes.dropFirst(), server)
            return leadingWildcards.insert(bytes.dropFirst(), server) && isNew
        }
        return exact.insert(bytes[...], server)
    }

    /// - Parameters:
    ///   - host: without its port, in any letter case
    ///   - matches: whether the regular expression at an index of `HTTPConfiguration.patterns` matches the host
    func server(for host: Span<UInt8>, matches: (Int) -> Bool) -> Int? {
        let end = host.count > 0 && host[host.count - 1] == ASCII.dot ? host.count - 1 : host.count
        if let server = exact.find(host, 0..<end) { return server }
        if !leadingWildcards.isEmpty {
            for index in 0..<end where host[index] == ASCII.dot && index > 0 {
                if let server = leadingWildcards.find(host, (index + 1)..<end) { return server }
            }
        }
        if !trailingWildcards.isEmpty {
            for index in (0..<end).reversed() where host[index] == ASCII.dot {
                if let server = trailingWildcards.find(host, 0..<index) { return server }
            }
        }
        for entry in patterns where matches(entry.pattern) { return entry.server }
        return nil
    }
}

/// A dictionary from names to indices. ASCII letters match in either case.
private struct NameIndex: Sendable {
    private var buckets: [UInt64: [(name: [UInt8], value: Int)]] = [:]

    var isEmpty: Bool { buckets.isEmpty }

    mutating func insert(_ name: ArraySlice<UInt8>, _ value: Int) -> Bool {
        let name = name.lowercasedASCII
        let hash = Self.hash(name.span, 0..<name.count)
        if buckets[hash, default: []].contains(where: { $0.name == name }) { return false }
        buckets[hash, default: []].append((name, value))
        return true
    }

    func find(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        guard let bucket = buckets[Self.hash(bytes, range)] else { return nil }
        for entry in bucket where Self.equal(entry.name.span, bytes, range) {
            return entry.value
        }
        return nil
    }

    private static func equal(_ name: Span<UInt8>, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard name.count == range.count else { return false }
        for offset in 0..<name.count where name[offset] != bytes[range.lowerBound + offset].lowercased {
            return false
        }
        return true
    }

    /// FNV-1a. The names come from the configuration, so an attacker cannot choose names that collide.
    private static func hash(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in range {
            hash = (hash ^ UInt64(bytes[index].lowercased)) &* 0x100_0000_01b3
        }
        return hash
    }
}
