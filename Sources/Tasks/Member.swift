internal import Bytes
internal import JSON

/// A member of a task's input. Validation, defaults, the canonical form and the JSON Schema follow from its
/// declaration.
///
/// A task type declares its members as typed constants and reads an ``Input`` with them:
/// `static let below = Member.integer("below", 0...10, "…", example: 5)`, then `input[below]`, an `Int`.
package struct Member<Value: Sendable>: Sendable {
    package let declaration: MemberDeclaration
    /// Converts the canonical value, which is `nil` if the member is optional and absent.
    let read: @Sendable (JSONValue?) -> Value
}

extension Member where Value == String {
    /// A required text.
    /// - Parameter maximumBytes: the limit for its UTF-8 form. A longer text is
    ///   ``InvalidInput/tooLarge(member:limit:)``.
    package static func text(
        _ name: String, maximumBytes: Int = 1 << 20, _ summary: String, example: String
    ) -> Member {
        Member(
            declaration: MemberDeclaration(
                name: name, summary: summary, kind: .text(maximumBytes: maximumBytes), example: .string(example)),
            read: { $0?.stringValue ?? "" })
    }
}

extension Member where Value == Int {
    /// A whole number. It is required unless it has a default.
    package static func integer(
        _ name: String, _ bounds: ClosedRange<Int>, default defaultValue: Int? = nil, _ summary: String, example: Int
    ) -> Member {
        Member(
            declaration: MemberDeclaration(
                name: name, summary: summary, kind: .integer(bounds),
                defaultValue: defaultValue.map { .integer(Int64($0)) }, example: .integer(Int64(example))),
            read: { Int($0?.integerValue ?? Int64(bounds.lowerBound)) })
    }
}

extension Member where Value == [UInt8]? {
    /// Optional bytes in base64 (RFC 4648, section 4; the padding may be left out).
    /// - Parameter count: the allowed numbers of bytes.
    package static func optionalBytes(
        _ name: String, _ count: ClosedRange<Int>, _ summary: String, example: String
    ) -> Member {
        Member(
            declaration: MemberDeclaration(
                name: name, summary: summary, kind: .base64(count), isOptional: true, example: .string(example)),
            read: { $0?.stringValue.flatMap { Base64.decode($0.utf8) } })
    }
}
