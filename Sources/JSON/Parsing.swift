package import FoundationEssentials

/// Bytes that are not JSON (RFC 8259).
package struct JSONError: Error, Hashable, CustomStringConvertible {
    package let description = "malformed JSON"
    package init() {}
}

extension JSONValue {
    /// - Parameter bytes: one JSON text, UTF-8. Foundation bounds its nesting to 512 levels.
    package init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
        do {
            self = try JSON.decode(JSONValue.self, from: Data(bytes))
        } catch {
            throw JSONError()
        }
    }
}

/// Foundation's decoder, made once.
package enum JSON {
    private static let decoder = JSONDecoder()

    package static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        try decoder.decode(type, from: data)
    }

    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        try decoder.decode(type, from: Data(bytes))
    }

    package static func decode<Value: DecodableWithConfiguration>(
        _ type: Value.Type, from bytes: [UInt8], configuration: Value.DecodingConfiguration
    ) throws -> Value {
        try decoder.decode(type, from: Data(bytes), configuration: configuration)
    }
}
