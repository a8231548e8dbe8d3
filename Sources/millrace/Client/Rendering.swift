import JSON

/// A reply of the API for a person: one `name  value` a line, objects inside with their name in front.
func rendered(_ value: JSONValue) -> String {
    let rows = rows(value, prefix: "")
    let width = rows.map(\.name.count).max() ?? 0
    return rows.map { row in
        row.name + String(repeating: " ", count: width - row.name.count + 2) + row.text
    }.joined(separator: "\n")
}

/// Prints a reply as a person or a program wants it.
func show(_ value: JSONValue, asJSON: Bool) {
    print(asJSON ? String(decoding: value.serialized(), as: UTF8.self) : rendered(value))
}

private func rows(_ value: JSONValue, prefix: String) -> [(name: String, text: String)] {
    if let members = value.objectValue, !members.isEmpty {
        return members.sorted { order($0) < order($1) }.flatMap { name, value in
            rows(value, prefix: prefix.isEmpty ? name : "\(prefix).\(name)")
        }
    }
    if let elements = value.arrayValue, !elements.isEmpty {
        return elements.enumerated().flatMap { number, value in rows(value, prefix: "\(prefix)[\(number + 1)]") }
    }
    return value.isNull ? [] : [(prefix, text(value))]
}

/// Plain values before objects, both by name.
private func order(_ member: (key: String, value: JSONValue)) -> String {
    (member.value.objectValue == nil && member.value.arrayValue == nil ? "0" : "1") + member.key
}

private func text(_ value: JSONValue) -> String {
    value.stringValue ?? String(decoding: value.serialized(), as: UTF8.self)
}
