/// Splits a stream of bytes into lines.
struct LineSplitter {
    /// Longer lines are split, so that a child that never ends its line cannot fill the memory.
    static let maxLineLength = 65536
    private var rest: [UInt8] = []

    /// - Returns: the lines that are complete now, without their line feeds.
    mutating func append(_ bytes: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for piece in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if piece.startIndex > 0 {
                lines.append(rest)
                rest = []
            }
            rest += piece
            while rest.count > Self.maxLineLength {
                lines.append(Array(rest[..<Self.maxLineLength]))
                rest.removeFirst(Self.maxLineLength)
            }
        }
        return lines
    }

    /// - Returns: the bytes after the last line feed; `nil` if there are none.
    mutating func finish() -> [UInt8]? {
        defer { rest = [] }
        return rest.isEmpty ? nil : rest
    }
}
