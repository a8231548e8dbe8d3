extension UInt8 {
    /// The lower case of an ASCII letter; any other byte is unchanged.
    @inlinable package var lowercased: UInt8 { self &- ASCII.capitalA < 26 ? self | 0x20 : self }

    /// The upper case of an ASCII letter; any other byte is unchanged.
    @inlinable package var uppercased: UInt8 { self &- ASCII.smallA < 26 ? self & 0xDF : self }
}

extension Collection<UInt8> {
    /// The bytes with their ASCII letters in lower case.
    @inlinable package var lowercasedASCII: [UInt8] { map(\.lowercased) }

    /// Whether the bytes are `text`. ASCII letters match in either case, on both sides.
    @inlinable package func isEqual(ignoringCase text: some Collection<UInt8>) -> Bool {
        count == text.count && zip(self, text).allSatisfy { $0.lowercased == $1.lowercased }
    }
}
