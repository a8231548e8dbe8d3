internal import Bytes

/// The grammar of a Host header: `name[:port]`, `address[:port]`, `[IPv6][:port]`.
///
/// It is narrower than RFC 3986's `reg-name`: no real host has percent signs or other punctuation, and programs behind
/// the proxy may not expect them. A host is never empty and has no user information.
enum Authority {
    static func isValid(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        var index = range.start
        let end = range.end
        guard index < end else { return false }
        if bytes[index] == ASCII.leftBracket {
            index += 1
            let start = index
            while index < end, isAddressByte(bytes[index]) { index += 1 }
            guard index > start, index < end, bytes[index] == ASCII.rightBracket else { return false }
            index += 1
        } else {
            while index < end, isNameByte(bytes[index]) {
                // A label has at least one byte.
                if bytes[index] == ASCII.dot, index > range.start, bytes[index - 1] == ASCII.dot { return false }
                index += 1
            }
            guard index > range.start else { return false }
        }
        guard index < end else { return true }
        guard bytes[index] == ASCII.colon else { return false }
        let digits = end - index - 1
        guard digits <= 5 else { return false }
        var port = 0
        for offset in (index + 1)..<end {
            guard bytes[offset].isDigit else { return false }
            port = port * 10 + Int(bytes[offset] - ASCII.zero)
        }
        return port <= 65_535
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == ASCII.dot || byte == ASCII.hyphen || byte == ASCII.underscore
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        byte.hexValue != nil || byte == ASCII.colon || byte == ASCII.dot
    }
}
