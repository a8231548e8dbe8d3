import JSON

/// A response as text for people: one line per value. The names of nested objects are prefixes: `outer.inner  value`.
func rendered(_ value: JSONValue) -> String {
    let rows = rows(value, prefix: "")
    let width = rows.map(\.name.count).max() ?? 0
    return rows.map { row in
        row.name + String(repeating: " ", count: width - row.name.count + 2) + row.text
    }.joined(separator: "\n")
}

/// Prints a response as text or as JSON.
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

/// The sort key of a member: simple values come before objects and arrays, both sorted by name.
private func order(_ member: (key: String, value: JSONValue)) -> String {
    (member.value.objectValue == nil && member.value.arrayValue == nil ? "0" : "1") + member.key
}

private func text(_ value: JSONValue) -> String {
    value.stringValue ?? String(decoding: value.serialized(), as: UTF8.self)
}
