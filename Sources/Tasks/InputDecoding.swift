internal import FoundationEssentials
internal import JSON

/// Decodes an ``Input`` directly from bytes. Each member is decoded as its declared type: `JSONValue` would have to try
/// one type after the other, and a failed try costs more than the rest of the decoding.
struct DecodedInput: DecodableWithConfiguration {
    let input: Input

    init(from decoder: any Decoder, configuration shape: InputShape) throws {
        input = try shape.read(decoder)
    }
}

extension InputShape {
    /// Reads an input with the defaults filled in.
    /// - Throws: ``InvalidInput``, or the decoder's error if the bytes are not JSON.
    func read(_ decoder: any Decoder) throws -> Input {
        guard let sent = try? decoder.container(keyedBy: AnyKey.self) else { throw InvalidInput.notAnObject }
        try rejectUnknown(sent.allKeys.lazy.map(\.stringValue))
        var values: [JSONValue?] = []
        for member in members {
            let key = AnyKey(member.name)
            if sent.contains(key) {
                values.append(try member.validated(member.decode(key, from: sent)))
            } else {
                values.append(try absent(member))
            }
        }
        return Input(shape: self, values: values)
    }
}

extension MemberDeclaration {
    /// The value as sent; `nil` if its JSON type is not the declared one.
    fileprivate func decode(
        _ key: AnyKey, from sent: KeyedDecodingContainer<AnyKey>
    ) throws(InvalidInput) -> JSONValue? {
        switch kind {
        case .text, .base64:
            do {
                return .string(try sent.decode(String.self, forKey: key))
            } catch DecodingError.typeMismatch, DecodingError.valueNotFound {
                return nil
            } catch {
                // The decoder finds an invalid escape only when it decodes the string.
                throw .malformed
            }
        case .integer: return (try? sent.decode(Int64.self, forKey: key)).map(JSONValue.integer)
        }
    }
}
