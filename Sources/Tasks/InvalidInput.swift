/// Why an input is invalid. The description is safe to show to the client.
package enum InvalidInput: Error, Hashable, CustomStringConvertible {
    /// The bytes are not JSON.
    case malformed
    /// The input is JSON, but not an object.
    case notAnObject
    /// A member is missing, unknown, of a wrong type or out of its bounds.
    case invalid(member: String, reason: String)
    /// A text is longer than `limit` bytes.
    case tooLarge(member: String, limit: Int)

    package var description: String {
        switch self {
        case .malformed: "malformed JSON"
        case .notAnObject: "the input must be a JSON object"
        case .invalid(let member, let reason): "\(member) \(reason)"
        case .tooLarge(let member, let limit): "\(member) must be at most \(limit) bytes"
        }
    }
}
