internal import Bytes
package import JSON

/// The declaration of an input's member, without its Swift type.
package struct MemberDeclaration: Sendable {
    package enum Kind: Sendable {
        case text(maximumBytes: Int)
        case integer(ClosedRange<Int>)
        case base64(ClosedRange<Int>)
    }

    package let name: String
    package let summary: String
    package let kind: Kind
    /// The value if the member is absent.
    package var defaultValue: JSONValue?
    package var isOptional = false
    package let example: JSONValue

    package var isRequired: Bool { defaultValue == nil && !isOptional }

    /// The rule for the member's value, for error messages.
    var expectation: String {
        switch kind {
        case .text: "must be a string"
        case .integer(let bounds): "must be an integer from \(bounds.lowerBound) to \(bounds.upperBound)"
        case .base64(let count): "must be \(count.lowerBound) to \(count.upperBound) bytes in base64"
        }
    }

    /// Checks a value and converts it to its canonical form.
    /// - Parameter value: the value as sent; `nil` if its JSON type is wrong.
    func validated(_ value: JSONValue?) throws(InvalidInput) -> JSONValue {
        switch (kind, value) {
        case (.text(let maximumBytes), .string(let text)?):
            guard text.utf8.count <= maximumBytes else { throw .tooLarge(member: name, limit: maximumBytes) }
            return .string(text)
        case (.integer(let bounds), .integer(let number)?) where bounds.contains(Int(number)):
            return .integer(number)
        case (.base64(let count), .string(let text)?):
            guard let bytes = Base64.decode(text.utf8), count.contains(bytes.count) else { break }
            return .string(Base64.encode(bytes))
        default: break
        }
        throw .invalid(member: name, reason: expectation)
    }

    /// JSON Schema 2020-12 for this member.
    var schema: JSONValue {
        var schema: JSONValue = ["description": .string(summary), "examples": [example]]
        switch kind {
        case .text(let maximumBytes):
            schema["type"] = "string"
            // The schema limits characters, the declaration limits UTF-8 bytes. There are never fewer bytes than
            // characters, so this is the tightest limit that the schema can state.
            schema["maxLength"] = .integer(Int64(maximumBytes))
        case .integer(let bounds):
            schema["type"] = "integer"
            schema["minimum"] = .integer(Int64(bounds.lowerBound))
            schema["maximum"] = .integer(Int64(bounds.upperBound))
        case .base64(let count):
            schema["type"] = "string"
            schema["contentEncoding"] = "base64"
            schema["pattern"] = .string(Base64.pattern(for: count))
            schema["minLength"] = .integer(Int64((count.lowerBound * 4 + 2) / 3))
            schema["maxLength"] = .integer(Int64((count.upperBound + 2) / 3 * 4))
        }
        if let defaultValue { schema["default"] = defaultValue }
        return schema
    }
}
