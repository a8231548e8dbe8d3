internal import JSON

/// The members that the input of a task type may have. Any other member is an error.
package struct InputShape: Sendable {
    package let members: [MemberDeclaration]
    /// The indices of the members in the order of the canonical form, which is sorted by name.
    private let canonicalOrder: [Int]

    package init<each Value>(_ member: repeat Member<each Value>) {
        var members: [MemberDeclaration] = []
        for one in repeat each member { members.append(one.declaration) }
        self.members = members
        canonicalOrder = members.indices.sorted { members[$0].name < members[$1].name }
    }

    func index(of name: String) -> Int? {
        members.firstIndex { $0.name == name }
    }

    /// Reads an input with the defaults filled in.
    func read(_ value: JSONValue) throws(InvalidInput) -> Input {
        guard case .object(let sent) = value else { throw .notAnObject }
        try rejectUnknown(sent.keys)
        var values: [JSONValue?] = []
        for member in members {
            if let value = sent[member.name] {
                values.append(try member.validated(value))
            } else {
                values.append(try absent(member))
            }
        }
        return Input(shape: self, values: values)
    }

    func rejectUnknown(_ names: some Sequence<String>) throws(InvalidInput) {
        guard let unknown = names.filter({ index(of: $0) == nil }).min() else { return }
        let known = members.map(\.name).joined(separator: ", ")
        throw .invalid(member: String(unknown.prefix(100)), reason: "is unknown; the members are: \(known)")
    }

    /// The value of a member that was not sent.
    func absent(_ member: MemberDeclaration) throws(InvalidInput) -> JSONValue? {
        guard !member.isRequired else { throw .invalid(member: member.name, reason: "is required") }
        return member.defaultValue
    }

    /// The canonical JSON text: every member that has a value, sorted by name.
    func canonical(_ values: [JSONValue?]) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        for index in canonicalOrder {
            guard let value = values[index] else { continue }
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            JSON.write(members[index].name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            value.write(to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// JSON Schema 2020-12 of the input object.
    var schema: JSONValue {
        let required = members.filter(\.isRequired)
        return [
            "type": "object",
            "properties": .object(Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.schema) })),
            "required": .array(required.map { .string($0.name) }),
            "additionalProperties": false,
        ]
    }

    /// The smallest valid input: the required members with their example values.
    var example: JSONValue {
        .object(Dictionary(uniqueKeysWithValues: members.filter(\.isRequired).map { ($0.name, $0.example) }))
    }
}
