internal import JSON
internal import Logging

/// One event, ready to be written in either format.
struct LogLine {
    /// Microseconds since 1970.
    var time: Int64
    var level: Logger.Level
    var component: String
    var message: String
    var metadata: Logger.Metadata

    /// The line with its line feed; there is no other one in it.
    func rendered(as format: Telemetry.LogFormat) -> [UInt8] {
        switch format {
        case .text: text
        case .json: json
        }
    }

    private var text: [UInt8] {
        let level = level.rawValue + String(repeating: " ", count: max(0, 8 - level.rawValue.count))
        var line = "\(WallClock.text(time)) \(level) \(component): \(Self.onOneLine(message))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(Self.quotedWhereNeeded(value.description))"
        }
        line += "\n"
        return Array(line.utf8)
    }

    private var json: [UInt8] {
        // Written member by member: the order helps who reads it raw.
        var line: [UInt8] = []
        let members: [(String, String)] = [
            ("ts", WallClock.text(time)), ("level", level.rawValue), ("component", component), ("msg", message),
        ]
        for (name, value) in members {
            line.append(contentsOf: (line.isEmpty ? "{\"\(name)\":" : ",\"\(name)\":").utf8)
            JSON.write(value, to: &line)
        }
        if !metadata.isEmpty {
            line.append(contentsOf: ",\"metadata\":".utf8)
            Self.json(.dictionary(metadata)).write(to: &line)
        }
        line.append(contentsOf: "}\n".utf8)
        return line
    }

    private static func json(_ value: Logger.Metadata.Value) -> JSONValue {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let value): json(of: value)
        case .array(let values): .array(values.map(json))
        case .dictionary(let values): .object(values.mapValues(json))
        }
    }

    /// Numbers stay numbers.
    private static func json(of value: any CustomStringConvertible) -> JSONValue {
        switch value {
        case let number as any BinaryInteger: Int64(exactly: number).map(JSONValue.integer) ?? .string("\(number)")
        case let number as Double: .number(number)
        case let flag as Bool: .bool(flag)
        default: .string(value.description)
        }
    }

    private static func quotedWhereNeeded(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\"") }
        guard !isPlain else { return value }
        var quoted: [UInt8] = []
        JSON.write(value, to: &quoted)
        return String(decoding: quoted, as: UTF8.self)
    }

    /// Nothing that a message quotes may begin a line of its own or move the terminal's cursor.
    private static func onOneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else { return text }
        return text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : String($0) }.joined()
    }
}
