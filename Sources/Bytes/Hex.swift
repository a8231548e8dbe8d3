/// Hexadecimal digits.
@usableFromInline package enum Hex {
    /// The two lower-case digits of each byte, as text.
    @inlinable package static func encode(_ bytes: some Collection<UInt8>) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { text in
            for (index, byte) in bytes.enumerated() {
                text[index * 2] = digit(byte >> 4)
                text[index * 2 + 1] = digit(byte & 15)
            }
            return bytes.count * 2
        }
    }

    /// The lower-case digit of a value.
    /// - Precondition: `value < 16`
    @inlinable package static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? ASCII.zero &+ value : ASCII.smallA &+ value &- 10
    }

    /// The upper-case digit of a value.
    /// - Precondition: `value < 16`
    @inlinable package static func capitalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? ASCII.zero &+ value : ASCII.capitalA &+ value &- 10
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit in either case; nil for any other byte.
    @inlinable package var hexValue: UInt8? {
        if isDigit { return self &- ASCII.zero }
        let letter = (self | 0x20) &- ASCII.smallA
        return letter < 6 ? letter &+ 10 : nil
    }
}

extension [UInt8] {
    /// Appends the two digits of `byte` in upper case.
    @inlinable package mutating func append(capitalHex byte: UInt8) {
        append(Hex.capitalDigit(byte >> 4))
        append(Hex.capitalDigit(byte & 15))
    }
}
