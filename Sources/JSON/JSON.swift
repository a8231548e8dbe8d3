package import FoundationEssentials

/// Decodes JSON with Foundation's decoder. Unlike Foundation, it refuses trailing commas.
package enum JSON {
    private static let decoder = JSONDecoder()

    /// - Throws: `DecodingError`, or what the type's own decoding throws.
    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        try refuseTrailingComma(bytes)
        return try decoder.decode(type, from: Data(bytes))
    }

    /// - Throws: `DecodingError`, or what the type's own decoding throws.
    package static func decode<Value: DecodableWithConfiguration>(
        _ type: Value.Type, from bytes: [UInt8], configuration: Value.DecodingConfiguration
    ) throws -> Value {
        try refuseTrailingComma(bytes)
        return try decoder.decode(type, from: Data(bytes), configuration: configuration)
    }

    /// Foundation accepts `[1,]` and `{"a":1,}`, which RFC 8259, sections 4 and 5, does not allow.
    private static func refuseTrailingComma(_ bytes: [UInt8]) throws(DecodingError) {
        var isInString = false
        var isEscaped = false
        var followsComma = false
        for byte in bytes {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                isInString = true
                followsComma = false
            case UInt8(ascii: ","): followsComma = true
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): break
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if followsComma {
                    throw .dataCorrupted(.init(codingPath: [], debugDescription: "a comma before the end"))
                }
            default: followsComma = false
            }
        }
    }
}
