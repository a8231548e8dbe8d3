internal import HTTPWire

extension Exchange {
    /// nginx's `$remote_user`: the name that came with Basic authentication (RFC 7617), whether it is right or not.
    func appendRemoteUser(to out: inout [UInt8]) -> Bool {
        guard let field = parser.head.fields.first(.authorization) else { return false }
        let value = headBytes[field.value.range]
        guard value.prefix(6).map({ $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }) == Array("basic ".utf8),
            let credentials = Self.decodedBase64(value.dropFirst(6).drop { $0 == 0x20 }),
            let colon = credentials.firstIndex(of: 0x3A)
        else { return false }
        out.append(contentsOf: credentials[..<colon])
        return true
    }

    /// nil when it is not Base64 (RFC 4648, 4).
    private static func decodedBase64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let digits = text.prefix { $0 != 0x3D }
        guard digits.count % 4 != 1, text.count - digits.count <= 2, text[digits.endIndex...].allSatisfy({ $0 == 0x3D })
        else { return nil }
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        for (index, digit) in digits.enumerated() {
            guard let value = sextet(digit) else { return nil }
            bits = bits << 6 | value
            if index % 4 > 0 { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(6 - 2 * (index % 4)))) }
        }
        return bytes
    }

    private static func sextet(_ digit: UInt8) -> UInt32? {
        switch digit {
        case 0x41...0x5A: UInt32(digit - 0x41)
        case 0x61...0x7A: UInt32(digit - 0x61) + 26
        case 0x30...0x39: UInt32(digit - 0x30) + 52
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }
}
