import JSON

/// A list of JSON objects as text for people: a line of column names, and a line for each object.
struct Table {
    private let lines: [[String]]

    /// - Parameter columns: the members that are shown. A missing member or `null` is shown as `-`.
    init(_ columns: [String], of objects: [JSONValue]) {
        lines =
            [columns] + objects.map { object in columns.map { Self.text(object[$0] ?? .null) } }
    }

    /// The lines, without a line feed at the end.
    var text: String {
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            var text = ""
            for (column, word) in line.enumerated() {
                let isLast = column == line.count - 1
                text += isLast ? word : word + String(repeating: " ", count: widths[column] - word.count + 2)
            }
            return text
        }.joined(separator: "\n")
    }

    private static func text(_ value: JSONValue) -> String {
        if value.isNull { return "-" }
        if let flag = value.boolValue { return flag ? "yes" : "no" }
        return value.stringValue ?? String(decoding: value.serialized(), as: UTF8.self)
    }
}
