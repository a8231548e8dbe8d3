/// Cuts a stream of bytes into lines.
struct LineSplitter {
    /// A longer line is cut: a child that never ends its line must not fill the memory.
    static let longestLine = 65536
    private var rest: [UInt8] = []

    /// - Returns: the lines that are now complete, without their line feed.
    mutating func append(_ bytes: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for piece in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if piece.startIndex > 0 {
                lines.append(rest)
                rest = []
            }
            rest += piece
            while rest.count > Self.longestLine {
                lines.append(Array(rest[..<Self.longestLine]))
                rest.removeFirst(Self.longestLine)
            }
        }
        return lines
    }

    /// - Returns: what came after the last line feed, if anything.
    mutating func finish() -> [UInt8]? {
        defer { rest = [] }
        return rest.isEmpty ? nil : rest
    }
}
