internal import Bytes

/// Finds the lines of a head in a receive buffer that grows between the calls. No byte is looked at twice.
///
/// Lines end with CRLF and nothing else: a recipient that takes a bare LF and a sender that does not can be made to
/// see different messages.
struct LineScanner: Sendable {
    /// Where the line that is being looked for begins.
    private(set) var start = 0
    private var position = 0

    /// - Parameters:
    ///   - limit: the offset that the line's CRLF must not pass
    ///   - tooLong: what is thrown when it does
    /// - Returns: the line without its CRLF, nil when its end has not come in yet
    mutating func next(
        _ bytes: Span<UInt8>, limit: Int, tooLong: HTTPError
    ) throws(HTTPError) -> ByteRange? {
        let end = min(bytes.count, limit)
        var index = position
        while index < end {
            let blockEnd = min(index + Self.blockSize, end)
            if blockEnd - index == Self.blockSize, Self.isPlain(bytes.extracting(index..<blockEnd)) {
                index = blockEnd
                continue
            }
            while index < blockEnd {
                let byte = bytes[index]
                if !byte.isControl || byte == ASCII.tab {
                    index += 1
                    continue
                }
                guard byte == ASCII.carriageReturn else {
                    throw byte == ASCII.lineFeed ? .bareLineFeed : .controlByte
                }
                guard index + 1 < end else {
                    position = index
                    if end == limit { throw tooLong }
                    return nil
                }
                guard bytes[index + 1] == ASCII.lineFeed else { throw .bareCarriageReturn }
                let line = ByteRange(start, index)
                start = index + 2
                position = start
                return line
            }
        }
        position = index
        if end == limit { throw tooLong }
        return nil
    }

    private static let blockSize = 16

    /// Whether a block holds no control byte at all. Written without branches, so that it becomes a few vector
    /// instructions: long values pass sixteen bytes at a time.
    @inline(__always)
    private static func isPlain(_ block: Span<UInt8>) -> Bool {
        var control: UInt8 = 0
        for index in 0..<blockSize {
            let byte = block[index]
            control |= (byte < ASCII.space ? 1 : 0) | (byte == ASCII.delete ? 1 : 0)
        }
        return control == 0
    }
}
