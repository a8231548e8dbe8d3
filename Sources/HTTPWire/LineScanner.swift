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
    ///   - tooLong: the error for a line that does not end before `limit`
    /// - Returns: the line without its CRLF; nil if its end was not received yet
    mutating func next(
        _ bytes: Span<UInt8>, limit: Int, tooLong: HTTPError
    ) throws(HTTPError) -> ByteRange? {
        let end = min(bytes.count, limit)
        var index = position
        while index < end, let found = bytes.firstControl(in: index..<end) {
            let byte = bytes[found]
            if byte == ASCII.tab {
                index = found + 1
                continue
            }
            guard byte == ASCII.carriageReturn else {
                throw byte == ASCII.lineFeed ? .bareLineFeed : .controlByte
            }
            guard found + 1 < end else {
                position = found
                if end == limit { throw tooLong }
                return nil
            }
            guard bytes[found + 1] == ASCII.lineFeed else { throw .bareCarriageReturn }
            let line = ByteRange(start, found)
            start = found + 2
            position = start
            return line
        }
        position = max(index, end)
        if end == limit { throw tooLong }
        return nil
    }
}
