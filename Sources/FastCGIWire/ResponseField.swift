/// One header line of a response, as offsets into ``ResponseHead/bytes``.
package struct ResponseField: Sendable, Hashable {
    package let name: Range<Int>
    /// Without the blanks around it; may be empty.
    package let value: Range<Int>
    package let known: KnownResponseField
}

/// The response headers that the web server itself looks at.
package enum KnownResponseField: UInt8, Sendable, Hashable, CaseIterable {
    case other
    case contentLength, contentType, date, location, retryAfter, server, status, transferEncoding, xRequestID
    /// Concerns one connection only and is not passed on (RFC 9110, 7.6.1; RFC 3875, 6.3.4).
    case hopByHop

    /// In lower case.
    private static let names: [(String, KnownResponseField)] = [
        ("content-length", .contentLength), ("content-type", .contentType), ("date", .date), ("location", .location),
        ("retry-after", .retryAfter), ("server", .server), ("status", .status),
        ("transfer-encoding", .transferEncoding), ("x-request-id", .xRequestID),
        ("connection", .hopByHop), ("keep-alive", .hopByHop), ("proxy-connection", .hopByHop), ("te", .hopByHop),
        ("trailer", .hopByHop), ("upgrade", .hopByHop),
    ]

    init(_ bytes: [UInt8], _ name: Range<Int>) {
        for (candidate, known) in Self.names where Self.matches(bytes, name, candidate) {
            self = known
            return
        }
        self = .other
    }

    private static func matches(_ bytes: [UInt8], _ name: Range<Int>, _ candidate: String) -> Bool {
        let wanted = candidate.utf8Span.span
        guard name.count == wanted.count else { return false }
        for offset in 0..<wanted.count where bytes[name.lowerBound + offset].lowercased != wanted[offset] {
            return false
        }
        return true
    }
}
