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
        // What the name is compared by: its last 16 bytes in lower case.
        var tail: UInt128 = 0
        var isPlain = true
        while index < end {
            let byte = bytes[index]
            if byte == ASCII.colon { break }
            if !(byte.isLetter || byte == ASCII.hyphen || byte.isDigit) {
                guard byte > ASCII.space, byte < ASCII.delete else { throw .malformedField }
                isPlain = false
            }
            tail = tail << 8 | UInt128(byte.lowercased)
            index += 1
        }
        guard index < end, index > line.start else { throw .malformedField }
        guard isPlain else { return .dropped }
        let name = ByteRange(line.start, index)
        let known = KnownHeader(bytes, name, tail: tail)
        guard known != .proxy else { return .dropped }
        return .field(
            HeaderField(name: name, value: bytes.trimmed(index + 1, end), known: known, hash: hash(tail)))
    }

    /// Mixed by a multiplication, whose upper bits depend on all others.
    private static func hash(_ tail: UInt128) -> UInt32 {
        let word = UInt64(truncatingIfNeeded: tail) ^ UInt64(truncatingIfNeeded: tail >> 64)
        return UInt32(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }
}
