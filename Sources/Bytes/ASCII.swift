/// Names for the ASCII bytes that have a meaning in a grammar. For a letter, write `UInt8(ascii: "t")`.
@usableFromInline package enum ASCII {
    @inlinable package static var backspace: UInt8 { 0x08 }
    @inlinable package static var tab: UInt8 { 0x09 }
    @inlinable package static var lineFeed: UInt8 { 0x0A }
    @inlinable package static var formFeed: UInt8 { 0x0C }
    @inlinable package static var carriageReturn: UInt8 { 0x0D }
    @inlinable package static var space: UInt8 { 0x20 }
    @inlinable package static var quote: UInt8 { 0x22 }
    @inlinable package static var hash: UInt8 { 0x23 }
    @inlinable package static var dollar: UInt8 { 0x24 }
    @inlinable package static var percent: UInt8 { 0x25 }
    @inlinable package static var ampersand: UInt8 { 0x26 }
    @inlinable package static var apostrophe: UInt8 { 0x27 }
    @inlinable package static var asterisk: UInt8 { 0x2A }
    @inlinable package static var plus: UInt8 { 0x2B }
    @inlinable package static var comma: UInt8 { 0x2C }
    @inlinable package static var hyphen: UInt8 { 0x2D }
    @inlinable package static var dot: UInt8 { 0x2E }
    @inlinable package static var slash: UInt8 { 0x2F }
    @inlinable package static var zero: UInt8 { 0x30 }
    @inlinable package static var colon: UInt8 { 0x3A }
    @inlinable package static var semicolon: UInt8 { 0x3B }
    @inlinable package static var equals: UInt8 { 0x3D }
    @inlinable package static var question: UInt8 { 0x3F }
    @inlinable package static var at: UInt8 { 0x40 }
    @inlinable package static var capitalA: UInt8 { 0x41 }
    @inlinable package static var leftBracket: UInt8 { 0x5B }
    @inlinable package static var backslash: UInt8 { 0x5C }
    @inlinable package static var rightBracket: UInt8 { 0x5D }
    @inlinable package static var underscore: UInt8 { 0x5F }
    @inlinable package static var smallA: UInt8 { 0x61 }
    @inlinable package static var leftBrace: UInt8 { 0x7B }
    @inlinable package static var rightBrace: UInt8 { 0x7D }
    @inlinable package static var delete: UInt8 { 0x7F }
}

extension UInt8 {
    @inlinable package var isDigit: Bool { self &- ASCII.zero < 10 }
    @inlinable package var isLetter: Bool { (self | 0x20) &- ASCII.smallA < 26 }
    /// A space or a tab.
    @inlinable package var isBlank: Bool { self == ASCII.space || self == ASCII.tab }
    /// A control byte: 0 to 31, or DEL.
    @inlinable package var isControl: Bool { self < ASCII.space || self == ASCII.delete }
    /// `!` to `~`: every printable ASCII byte except the space.
    @inlinable package var isVisible: Bool { self > ASCII.space && self < ASCII.delete }

    /// A byte of a token: RFC 9110, 5.6.2, `tchar`.
    @inlinable package var isToken: Bool {
        if self < 0x40 { return (0x03FF_6CFA_0000_0000 as UInt64 >> UInt64(self)) & 1 == 1 }
        if self < 0x80 { return (0x57FF_FFFF_C7FF_FFFE as UInt64 >> UInt64(self & 0x3F)) & 1 == 1 }
        return false
    }
}
