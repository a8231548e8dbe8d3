internal import Bytes

/// Parses one header line (RFC 9112, 5). The line scanner has already refused every control byte except tab.
enum FieldLine {
    enum Outcome {
        case field(HeaderField)
        /// The header must not be passed on, for one of these reasons:
        /// - its name has a byte outside `[A-Za-z0-9-]` that the rules do not allow (in a CGI variable, `_` and `-`
        ///   become the same byte);
        /// - its name is that of a ``KnownHeader``, but with `_` for `-` (`Content_Length`);
        /// - its name is `Proxy`, which CGI programs mistake for their own setting `HTTP_PROXY` (httpoxy).
        case dropped
    }

    static func parse(
        _ bytes: Span<UInt8>, _ line: ByteRange, _ rules: RequestRules = RequestRules()
    ) throws(HTTPError) -> Outcome {
        let end = line.end
        var index = line.start
        guard !bytes[index].isBlank else { throw .foldedField }
        // The last 16 bytes of the name in lower case, with `-` for `_`, as one number. `KnownHeader` compares names by
        // this number.
        var tail: UInt128 = 0
        var isPlain = true
        var isInvalid = false
        while index < end {
            let byte = bytes[index]
            if byte == ASCII.colon { break }
            index += 1
            if byte.isLetter || byte == ASCII.hyphen || byte.isDigit {
                // Setting bit 0x20 makes letters lower case. In digits and hyphens, the bit is set already.
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

    /// Whether the name is that of a ``KnownHeader``, but with `_` for `-`.
    private static func isDisguised(_ name: ByteRange, _ bytes: Span<UInt8>) -> Bool {
        KnownHeader.allCases.contains { $0 != .other && bytes.matches(name, asVariable: $0.name) }
    }

    /// A multiplicative hash: the upper bits of the product depend on all bits of the tail.
    private static func hash(_ tail: UInt128) -> UInt32 {
        let word = UInt64(truncatingIfNeeded: tail) ^ UInt64(truncatingIfNeeded: tail >> 64)
        return UInt32(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }
}
