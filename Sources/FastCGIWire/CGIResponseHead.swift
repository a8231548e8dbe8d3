/// The header of a CGI response (RFC 3875, section 6).
package struct CGIResponseHead: Sendable {
    /// The header as it was received. ``fields`` are offsets into it.
    package var bytes: [UInt8] = []
    /// All lines in their order, including `Status`.
    package var fields: [ResponseField] = []
    /// The status, 200 to 599, from the `Status` line. If there is no `Status` line: 302 if there is a `Location` line,
    /// otherwise 200.
    package var status = 200
    /// The reason phrase of `Status`; empty if there is none.
    package var reason = 0..<0
    package var contentLength: Int?
    /// Whether any line is ``KnownResponseField/accel``.
    package var hasAccel = false
    var hasStatus = false
    var hasLocation = false

    package init() {}

    package func first(_ known: KnownResponseField) -> ResponseField? {
        for field in fields where field.known == known { return field }
        return nil
    }

    /// A copy of a part as text, for logs and tests. Invalid UTF-8 is replaced.
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
