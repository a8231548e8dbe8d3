internal import FoundationEssentials

/// Base64 of RFC 4648, section 4.
enum Base64 {
    /// With padding.
    static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString()
    }

    /// Without padding, as in PHC strings.
    static func encodeUnpadded(_ bytes: [UInt8]) -> String {
        let padded = encode(bytes)
        return String(padded.prefix { $0 != "=" })
    }

    /// - Parameter text: with or without padding, and nothing else.
    static func decode(_ text: String) -> [UInt8]? {
        let missing = (4 - text.utf8.count % 4) % 4
        let padded = text.hasSuffix("=") ? text : text + String(repeating: "=", count: missing)
        guard padded.utf8.count % 4 == 0 else { return nil }
        return Data(base64Encoded: padded).map(Array.init)
    }
}
