/// Shell patterns for `include`: `*`, `?`, `[a-z]`, `[!a-z]`, `\x`, in any part of a path.
enum Glob {
    /// As in nginx, which looks for these three.
    static func isPattern(_ path: String) -> Bool {
        path.contains { "*?[".contains($0) }
    }

    /// The matching paths in the order of their bytes; none is no error.
    static func paths(matching pattern: String, in files: ConfigurationFiles) -> [String] {
        let parts = pattern.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        var found = [pattern.hasPrefix("/") ? "/" : ""]
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            let end = isLast ? "" : "/"
            if !isPattern(part) {
                // A part without wildcards is not looked up, except at the end, where the file must be there.
                found = found.filter { !isLast || files.list($0).contains(part) }.map { $0 + part + end }
                continue
            }
            found = found.flatMap { folder in
                files.list(folder).filter { matches($0, part) }.map { folder + $0 + end }
            }
        }
        return found.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    }

    /// Whether a file's name matches; a leading dot has to be written out.
    static func matches(_ name: String, _ pattern: String) -> Bool {
        if name.hasPrefix("."), !pattern.hasPrefix(".") { return false }
        let name = Array(name.utf8)
        let pattern = Array(pattern.utf8)
        var position = 0
        var place = 0
        var retry: (position: Int, place: Int)?
        while position < name.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                place += 1
                retry = (position, place)
            } else if let next = step(name[position], pattern, place) {
                position += 1
                place = next
            } else if let (start, after) = retry {
                // The last star takes one byte more.
                position = start + 1
                place = after
                retry = (position, place)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// The place after the element of the pattern that takes this byte; nil when it does not.
    private static func step(_ byte: UInt8, _ pattern: [UInt8], _ place: Int) -> Int? {
        guard place < pattern.count else { return nil }
        switch pattern[place] {
        case UInt8(ascii: "?"):
            return place + 1
        case UInt8(ascii: "\\") where place + 1 < pattern.count:
            return pattern[place + 1] == byte ? place + 2 : nil
        case UInt8(ascii: "["):
            return stepClass(byte, pattern, place) ?? (byte == UInt8(ascii: "[") ? place + 1 : nil)
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
            if pattern[index] == UInt8(ascii: "]"), index > first {
                return isMember != isNegated ? index + 1 : nil
            }
            if index + 2 < pattern.count, pattern[index + 1] == UInt8(ascii: "-"),
                pattern[index + 2] != UInt8(ascii: "]")
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
