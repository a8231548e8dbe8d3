internal import Bytes

/// Finds the lines of a head in a receive buffer that grows between the calls. It reads no byte twice.
///
/// Only CRLF ends a line. If one program accepted a bare LF and another one did not, an attacker could make them see
/// different messages (request smuggling).
struct LineScanner: Sendable {
    /// The offset at which the current line begins.
    private(set) var start = 0
    private var position = 0

    /// - Parameters:
    ///   - limit: the offset before which the line and its CRLF must end
    ///   - tooLong: the error for a line that does not
    /// - Returns: the line without its CRLF; nil if its end was not received yet
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

    /// Whether a block has no control byte. The loop has no branches, so that it compiles to a few vector instructions and
    /// long values are scanned 16 bytes at a time.
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
