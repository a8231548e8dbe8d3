internal import Bytes

/// Shell patterns for `include`: `*`, `?`, `[a-z]`, `[!a-z]`, `\x`, in any part of a path.
enum Glob {
    /// Whether the path has a wildcard. Like nginx, this only looks for `*`, `?` and `[`.
    static func isPattern(_ path: String) -> Bool {
        path.contains { "*?[".contains($0) }
    }

    /// Returns the matching paths in byte order. It is no error if none matches.
    static func paths(matching pattern: String, in files: ConfigurationFiles) -> [String] {
        let parts = pattern.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        var found = [pattern.hasPrefix("/") ? "/" : ""]
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            let end = isLast ? "" : "/"
            if !isPattern(part) {
                // A part without wildcards is not looked up, unless it is the last part: the file itself must exist.
                found = found.filter { !isLast || files.list($0).contains(part) }.map { $0 + part + end }
                continue
            }
            found = found.flatMap { folder in
                files.list(folder).filter { matches($0, part) }.map { folder + $0 + end }
            }
        }
        return found.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    }

    /// Whether a file name matches. No wildcard matches a dot at the start.
    static func matches(_ name: String, _ pattern: String) -> Bool {
        if name.hasPrefix("."), !pattern.hasPrefix(".") { return false }
        let name = Array(name.utf8)
        let pattern = Array(pattern.utf8)
        var position = 0
        var place = 0
        var retry: (position: Int, place: Int)?
        while position < name.count {
            if place < pattern.count, pattern[place] == ASCII.asterisk {
                place += 1
                retry = (position, place)
            } else if let next = step(name[position], pattern, place) {
                position += 1
                place = next
            } else if let (start, after) = retry {
                // Let the last star match one more byte.
                position = start + 1
                place = after
                retry = (position, place)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == ASCII.asterisk }
    }

    /// Returns the index after the pattern's next element; nil if this element does not match the byte.
    private static func step(_ byte: UInt8, _ pattern: [UInt8], _ place: Int) -> Int? {
        guard place < pattern.count else { return nil }
        switch pattern[place] {
        case ASCII.question:
            return place + 1
        case ASCII.backslash where place + 1 < pattern.count:
            return pattern[place + 1] == byte ? place + 2 : nil
        case ASCII.leftBracket:
            return stepClass(byte, pattern, place) ?? (byte == ASCII.leftBracket ? place + 1 : nil)
        default:
            return pattern[place] == byte ? place + 1 : nil
        }
    }

    private static func stepClass(_ byte: UInt8, _ pattern: [UInt8], _ place: Int) -> Int? {
        var index = place + 1
        let isNegated =
            index < pattern.count && (pattern[index] == UInt8(ascii: "!") || pattern[index] == UInt8(ascii: "^"))
        if isNegated { index += 1 }
        var isMember = false
        let first = index
        while index < pattern.count {
            if pattern[index] == ASCII.rightBracket, index > first {
                return isMember != isNegated ? index + 1 : nil
            }
            if index + 2 < pattern.count, pattern[index + 1] == ASCII.hyphen,
                pattern[index + 2] != ASCII.rightBracket
            {
                isMember = isMember || (pattern[index] <= byte && byte <= pattern[index + 2])
                index += 3
            } else {
                isMember = isMember || pattern[index] == byte
                index += 1
            }
        }
        return nil
    }
}
