internal import Bytes
internal import JSON
internal import Logging

/// One log event, which can be written in either format.
struct LogLine {
    /// The time of the event, in microseconds since 1970.
    var time: Int64
    var level: Logger.Level
    var component: String
    var message: String
    var metadata: Logger.Metadata

    /// The line. It ends with a line feed and contains no other.
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
        // Written member by member: a fixed order is easier to read than a sorted one.
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

    /// Numbers and `Bool` keep their JSON types. Any other value, and an integer that does not fit into `Int64`,
    /// becomes a string.
    private static func json(of value: any CustomStringConvertible) -> JSONValue {
        switch value {
        case let number as any BinaryInteger: Int64(exactly: number).map(JSONValue.integer) ?? .string("\(number)")
        case let number as Double: .number(number)
        case let flag as Bool: .bool(flag)
        default: .string(value.description)
        }
    }

    private static func quotedWhereNeeded(_ value: String) -> String {
        let isPlain =
            !value.isEmpty && value.utf8.allSatisfy { $0 > ASCII.space && $0 != ASCII.delete && $0 != ASCII.quote }
        guard !isPlain else { return value }
        var quoted: [UInt8] = []
        JSON.write(value, to: &quoted)
        return String(decoding: quoted, as: UTF8.self)
    }

    /// Replaces each control character by a space, so that text from outside cannot start a new line or move the cursor
    /// of a terminal.
    private static func onOneLine(_ text: String) -> String {
        guard text.utf8.contains(where: \.isControl) else { return text }
        return String(decoding: text.utf8.map { $0.isControl ? ASCII.space : $0 }, as: UTF8.self)
    }
}
