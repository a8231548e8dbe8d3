internal import Bytes

extension JSONValue {
    /// The value as compact JSON text. Members are sorted by the bytes of their names, and slashes are not escaped.
    ///
    /// Equal values have equal texts, so this is the canonical form of a task's input. Foundation's encoder returns the
    /// same text, but takes ten times as long, because it builds a tree of boxed values.
    package func serialized() -> [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes
    }

    /// Appends the JSON text to `bytes`.
    package func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        // JSON has no infinities and no NaN (RFC 8259, section 6).
        case .number(let value): bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
        case .string(let value): JSON.write(value, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, name) in members.keys.sorted(by: JSON.precedes).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSON.write(name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                members[name]?.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}

extension JSON {
    /// Compares UTF-8 bytes. The order of `String` uses Unicode normal forms and is slower.
    static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    /// Appends `string` as a JSON string with its quotes (RFC 8259, section 7).
    package static func write(_ string: String, to bytes: inout [UInt8]) {
        var string = string
        string.withUTF8 { text in
            bytes.reserveCapacity(bytes.count + text.count + 2)
            bytes.append(UInt8(ascii: "\""))
            var copied = 0
            for (index, byte) in text.enumerated()
            where byte < ASCII.space || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes.append(contentsOf: text[copied..<index])
                copied = index + 1
                appendEscaped(byte, to: &bytes)
            }
            bytes.append(contentsOf: text[copied...])
            bytes.append(UInt8(ascii: "\""))
        }
    }

    private static func appendEscaped(_ byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
        case UInt8(ascii: "\r"): bytes.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): bytes.append(UInt8(ascii: "t"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(Hex.digit(byte >> 4))
            bytes.append(Hex.digit(byte & 15))
        }
    }
}
