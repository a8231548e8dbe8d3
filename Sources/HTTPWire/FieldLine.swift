internal import Bytes

/// Takes one header line apart (RFC 9112, 5). The line scanner has seen that it holds no CR, LF, NUL or other control
/// byte but tabs.
enum FieldLine {
    enum Outcome {
        case field(HeaderField)
        /// The name is not one that can be passed on: outside `[A-Za-z0-9-]` (an `_` would become the same variable
        /// as a `-`) where the rules do not take it, in disguise one that HTTP itself looks for (`Content_Length`), or
        /// `Proxy`, which CGI programs take for a setting of their own (httpoxy).
        case dropped
    }

    static func parse(
        _ bytes: Span<UInt8>, _ line: ByteRange, _ rules: RequestRules = RequestRules()
    ) throws(HTTPError) -> Outcome {
        let end = line.end
        var index = line.start
        guard !bytes[index].isBlank else { throw .foldedField }
        // What the name is compared by: its last 16 bytes in lower case, with `-` for `_`.
        var tail: UInt128 = 0
        var isPlain = true
        var isInvalid = false
        while index < end {
            let byte = bytes[index]
            if byte == ASCII.colon { break }
            index += 1
            if byte.isLetter || byte == ASCII.hyphen || byte.isDigit {
                // What tells a small letter from a capital one is in digits and hyphens anyway.
                tail = tail << 8 | UInt128(byte | 0x20)
                continue
            }
            guard byte.isVisible else { throw .malformedField }
            isPlain = false
            if byte != ASCII.underscore { isInvalid = true }
            tail = tail << 8 | UInt128(byte.variableByte)
        }
        guard index < end, index > line.start else { throw .malformedField }
        let name = ByteRange(line.start, index)
        if !isPlain {
            guard !rules.dropsInvalidNames || rules.takesUnderscores && !isInvalid, !isDisguised(name, bytes) else {
                return .dropped
            }
        }
        let known = KnownHeader(bytes, name, tail: tail)
        guard known != .proxy else { return .dropped }
        return .field(
            HeaderField(name: name, value: bytes.trimmed(index + 1, end), known: known, hash: hash(tail)))
    }

    /// Whether the name is that of a header which HTTP itself or the balancer looks for, but for a `_`.
    private static func isDisguised(_ name: ByteRange, _ bytes: Span<UInt8>) -> Bool {
        KnownHeader.allCases.contains { $0 != .other && bytes.matches(name, asVariable: $0.name) }
    }

    /// Mixed by a multiplication, whose upper bits depend on all others.
    private static func hash(_ tail: UInt128) -> UInt32 {
        let word = UInt64(truncatingIfNeeded: tail) ^ UInt64(truncatingIfNeeded: tail >> 64)
        return UInt32(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }
}
