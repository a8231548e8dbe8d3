/// Base64 (RFC 4648, section 4).
package enum Base64 {
    /// - Parameter isPadded: false leaves out the `=` at the end, as PHC strings do
    package static func encode(_ bytes: [UInt8], isPadded: Bool = true) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var bits: UInt32 = 0
            for offset in 0..<3 { bits = bits << 8 | (offset < count ? UInt32(bytes[start + offset]) : 0) }
            for position in 0..<4 {
                if position <= count {
                    text.append(digit(UInt8(bits >> UInt32(18 - 6 * position) & 63)))
                } else if isPadded {
                    text.append(ASCII.equals)
                }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// - Parameter text: with all of its padding or without any. Bits after the last whole byte are ignored.
    /// - Returns: nil if the text is malformed
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        let digits = text.prefix { $0 != ASCII.equals }
        let padding = text.dropFirst(digits.count)
        guard digits.count % 4 != 1, padding.isEmpty || padding.count == (4 - digits.count % 4) % 4,
            padding.allSatisfy({ $0 == ASCII.equals })
        else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count * 3 / 4)
        var bits: UInt32 = 0
        for (index, digit) in digits.enumerated() {
            guard let value = value(digit) else { return nil }
            bits = bits << 6 | UInt32(value)
            if index % 4 > 0 { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(6 - 2 * (index % 4)))) }
        }
        return bytes
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: ASCII.capitalA + value
        case 26..<52: ASCII.smallA + value - 26
        case 52..<62: ASCII.zero + value - 52
        case 62: ASCII.plus
        default: ASCII.slash
        }
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - ASCII.capitalA
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - ASCII.smallA + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - ASCII.zero + 52
        case ASCII.plus: 62
        case ASCII.slash: 63
        default: nil
        }
    }
}
