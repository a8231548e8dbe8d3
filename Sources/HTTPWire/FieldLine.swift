/// Takes one header line apart (RFC 9112, 5). The line scanner has seen that it holds no CR, LF, NUL or other control
/// byte but tabs.
enum FieldLine {
    enum Outcome {
        case field(HeaderField)
        /// The name is not one that can be passed on: outside `[A-Za-z0-9-]` (an `_` would become the same variable
        /// as a `-`), or `Proxy`, which CGI programs take for a setting of their own (httpoxy).
        case dropped
    }

    static func parse(_ bytes: Span<UInt8>, _ line: ByteRange) throws(HTTPError) -> Outcome {
        let end = line.end
        var index = line.start
        guard !bytes[index].isBlank else { throw .foldedField }
        var hash: UInt32 = 0x811C_9DC5
        var isPlain = true
        while index < end {
            let byte = bytes[index]
            if byte == ASCII.colon { break }
            if !(byte.isLetter || byte == ASCII.hyphen || byte.isDigit) {
                guard byte > ASCII.space, byte < ASCII.delete else { throw .malformedField }
                isPlain = false
            }
            hash = (hash ^ UInt32(byte.lowercased)) &* 0x0100_0193
            index += 1
        }
        guard index < end, index > line.start else { throw .malformedField }
        guard isPlain else { return .dropped }
        let name = ByteRange(line.start, index)
        let known = KnownHeader(bytes, name)
        guard known != .proxy else { return .dropped }
        return .field(
            HeaderField(name: name, value: bytes.trimmed(index + 1, end), known: known, hash: hash ^ (hash >> 16)))
    }
}
