internal import JSON

/// One member of a task's input, declared once: validation, defaults, the canonical form and the JSON Schema
/// all follow from this declaration.
///
/// A task type keeps its members as typed constants and reads an ``Input`` through them:
/// `static let below = Member.integer("below", 0...10, "…", example: 5)`, then `input[below]`, an `Int`.
package struct Member<Value: Sendable>: Sendable {
    package let declaration: MemberDeclaration
    /// From the canonical value, `nil` where the member is optional and absent.
    let read: @Sendable (JSONValue?) -> Value
}

extension Member where Value == String {
    /// A required text.
    /// - Parameter maximumBytes: of its UTF-8 form. A longer one is ``InvalidInput/tooLarge(member:limit:)``.
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
    /// A whole number, required unless there is a default.
    package static func integer(
        _ name: String, _ bounds: ClosedRange<Int>, default standard: Int? = nil, _ summary: String, example: Int
    ) -> Member {
        Member(
            declaration: MemberDeclaration(
                name: name, summary: summary, kind: .integer(bounds), standard: standard.map { .integer(Int64($0)) },
                example: .integer(Int64(example))),
            read: { Int($0?.integerValue ?? Int64(bounds.lowerBound)) })
    }
}

extension Member where Value == [UInt8]? {
    /// Optional bytes, written in base64 (RFC 4648, section 4; the padding may be left out).
    /// - Parameter count: how many bytes there may be.
    package static func optionalBytes(
        _ name: String, _ count: ClosedRange<Int>, _ summary: String, example: String
    ) -> Member {
        Member(
            declaration: MemberDeclaration(
                name: name, summary: summary, kind: .base64(count), isOptional: true, example: .string(example)),
            read: { $0?.stringValue.flatMap(Base64.decode) })
    }
}
