/// The header of a CGI response (RFC 3875, section 6).
package struct ResponseHead: Sendable {
    /// The header as it came, which ``fields`` point into.
    package internal(set) var bytes: [UInt8] = []
    /// All lines in their order, `Status` included.
    package internal(set) var fields: [ResponseField] = []
    /// 200 to 599. `Status` decides; without it a `Location` makes it 302, else it is 200.
    package internal(set) var status = 200
    /// The words behind the number in `Status`; empty without them.
    package internal(set) var reason = 0..<0
    package internal(set) var contentLength: Int?
    /// There is a line that is ``KnownResponseField/accel``.
    package internal(set) var hasAccel = false
    var hasStatus = false
    var hasLocation = false

    package func first(_ known: KnownResponseField) -> ResponseField? {
        for field in fields where field.known == known { return field }
        return nil
    }

    /// A copy of a part as text, for logs and tests; bytes that are no UTF-8 are replaced.
    package func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
        status = 200
        reason = 0..<0
        contentLength = nil
        hasAccel = false
        hasStatus = false
        hasLocation = false
    }
}
