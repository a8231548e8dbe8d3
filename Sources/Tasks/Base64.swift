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

    /// A regular expression (ECMA-262) for what ``decode(_:)`` takes and turns into so many bytes.
    static func pattern(for count: ClosedRange<Int>) -> String {
        // Four characters stand for three bytes; one byte more takes two, two bytes take three.
        let ends = ["", "[A-Za-z0-9+/]{2}(==)?", "[A-Za-z0-9+/]{3}=?"]
        let forms = ends.enumerated().map { rest, end in
            let fours = ((count.lowerBound - rest + 2) / 3, (count.upperBound - rest) / 3)
            return "([A-Za-z0-9+/]{4}){\(fours.0),\(fours.1)}\(end)"
        }
        return "^(\(forms.joined(separator: "|")))$"
    }
}
