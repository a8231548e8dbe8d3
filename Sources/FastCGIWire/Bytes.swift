internal import Bytes

extension UInt8 {
    var isDigit: Bool { self &- 0x30 < 10 }
    var isBlank: Bool { self == 0x20 || self == 0x09 }

    /// Lower case for ASCII letters, every other byte unchanged.
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// As in the name of a CGI variable (RFC 3875, 4.1.18): upper case, `_` for `-`.
    var asVariableName: UInt8 {
        if self == 0x2D { return 0x5F }
        return self &- 0x61 < 26 ? self & 0xDF : self
    }

    /// RFC 9110, 5.6.2: `tchar`.
    var isToken: Bool {
        if self < 0x40 { return (0x03FF_6CFA_0000_0000 as UInt64 >> UInt64(self)) & 1 == 1 }
        if self < 0x80 { return (0x57FF_FFFF_C7FF_FFFE as UInt64 >> UInt64(self & 0x3F)) & 1 == 1 }
        return false
    }
}

extension [UInt8] {
    /// Appends a part of a span; the array allocates only when it has to grow.
    mutating func append(contentsOf bytes: Span<UInt8>, in range: Range<Int>) {
        append(copying: bytes.extracting(range))
    }
}
