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
            let byte = bytes[index]
            if byte >= ASCII.space, byte != ASCII.delete {
                index += 1
                continue
            }
            switch byte {
            case ASCII.tab:
                index += 1
            case ASCII.carriageReturn:
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
            case ASCII.lineFeed:
                throw .bareLineFeed
            default:
                throw .controlByte
            }
        }
        position = index
        if end == limit { throw tooLong }
        return nil
    }
}
