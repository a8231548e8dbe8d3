internal import Bytes

/// The ASCII bytes that HTTP's grammar names.
enum ASCII {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let hash: UInt8 = 0x23
    static let percent: UInt8 = 0x25
    static let asterisk: UInt8 = 0x2A
    static let comma: UInt8 = 0x2C
    static let hyphen: UInt8 = 0x2D
    static let underscore: UInt8 = 0x5F
    static let dot: UInt8 = 0x2E
    static let slash: UInt8 = 0x2F
    static let zero: UInt8 = 0x30
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let question: UInt8 = 0x3F
    static let at: UInt8 = 0x40
    static let leftBracket: UInt8 = 0x5B
    static let rightBracket: UInt8 = 0x5D
    static let delete: UInt8 = 0x7F
}

extension UInt8 {
    var isDigit: Bool { self &- ASCII.zero < 10 }
    var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    var isBlank: Bool { self == ASCII.space || self == ASCII.tab }

    /// Lower case for ASCII letters, every other byte unchanged.
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// As a byte of a header's name counts when the name becomes a variable: in lower case, and `-` for `_`.
    var variableByte: UInt8 { self == ASCII.underscore ? ASCII.hyphen : lowercased }

    /// The value of a hexadecimal digit.
    var hexValue: UInt8? {
        if isDigit { return self &- ASCII.zero }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }

    /// RFC 9110, 5.6.2: `tchar`.
    var isToken: Bool {
        if self < 0x40 { return (0x03FF_6CFA_0000_0000 as UInt64 >> UInt64(self)) & 1 == 1 }
        if self < 0x80 { return (0x57FF_FFFF_C7FF_FFFE as UInt64 >> UInt64(self & 0x3F)) & 1 == 1 }
        return false
    }
}

extension Span<UInt8> {
    /// Whether the bytes of `range` are `text`, which must be given in lower case; ASCII letters match in either case.
    package func matches(_ range: ByteRange, ignoringCase text: String) -> Bool {
        let wanted = text.utf8Span.span
        guard range.count == wanted.count else { return false }
        let start = range.start
        for offset in 0..<wanted.count where self[start + offset].lowercased != wanted[offset] {
            return false
        }
        return true
    }

    /// Whether a header's name becomes the same variable (`HTTP_X_Y`) as that of a name in lower case with `-`.
    package func matches(_ range: ByteRange, asVariable text: String) -> Bool {
        let wanted = text.utf8Span.span
        guard range.count == wanted.count else { return false }
        let start = range.start
        for offset in 0..<wanted.count where self[start + offset].variableByte != wanted[offset] { return false }
        return true
    }

    /// Whether two headers' names become the same variable.
    func matches(_ left: ByteRange, asVariable right: ByteRange) -> Bool {
        guard left.count == right.count else { return false }
        for offset in 0..<left.count
        where self[left.start + offset].variableByte != self[right.start + offset].variableByte {
            return false
        }
        return true
    }

    /// The range without the blanks (space, tab) at both of its ends.
    func trimmed(_ start: Int, _ end: Int) -> ByteRange {
        var start = start
        var end = end
        while start < end, self[start].isBlank { start += 1 }
        while start < end, self[end - 1].isBlank { end -= 1 }
        return ByteRange(start, end)
    }

    /// A copy of the bytes as text, for logs and tests; bytes that are no UTF-8 are replaced.
    package func text(_ range: ByteRange) -> String {
        var bytes: [UInt8] = []
        bytes.append(contentsOf: self, in: range.range)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Appends a part of a span; the array allocates only when it has to grow.
    package mutating func append(contentsOf bytes: Span<UInt8>, in range: Range<Int>) {
        append(copying: bytes.extracting(range))
    }

    mutating func append(contentsOf text: String) {
        append(contentsOf: text.utf8)
    }

    mutating func appendDecimal(_ number: Int) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var start = digits.count
        var rest = number
        repeat {
            start -= 1
            digits[start] = ASCII.zero + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
        append(copying: digits.span.extracting(start..<digits.count))
    }

    mutating func appendHexadecimal(_ number: Int) {
        var shift = Swift.max(0, (Int.bitWidth - number.leadingZeroBitCount + 3) / 4 * 4 - 4)
        while shift >= 0 {
            let digit = UInt8((number >> shift) & 15)
            append(digit < 10 ? ASCII.zero + digit : 0x61 + digit - 10)
            shift -= 4
        }
    }
}
