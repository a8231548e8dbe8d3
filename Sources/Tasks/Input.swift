internal import JSON

/// A valid input of a task: every member is within its bounds, and defaults are filled in.
package struct Input: Sendable {
    let shape: InputShape
    let values: [JSONValue?]

    /// The value of a member. The member must belong to the task's own shape.
    package subscript<Value>(member: Member<Value>) -> Value {
        member.read(shape.index(of: member.declaration.name).flatMap { values[$0] })
    }

    /// The canonical JSON text: equal inputs have equal bytes.
    var canonical: [UInt8] { shape.canonical(values) }
}
