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

    /// The length picks at most two candidates, so that an unknown name costs next to nothing.
    init(_ bytes: [UInt8], _ name: Range<Int>) {
        let first = bytes[name.lowerBound].lowercased
        let (candidate, known): (String, KnownResponseField) =
            switch (name.count, first) {
            case (2, _): ("te", .hopByHop)
            case (4, _): ("date", .date)
            case (6, 0x73): Self.matches(bytes, name, "status") ? ("status", .status) : ("server", .server)
            case (7, 0x74): ("trailer", .hopByHop)
            case (7, _): ("upgrade", .hopByHop)
            case (8, _): ("location", .location)
            case (10, 0x63): ("connection", .hopByHop)
            case (10, _): ("keep-alive", .hopByHop)
            case (11, _): ("retry-after", .retryAfter)
            case (12, 0x63): ("content-type", .contentType)
            case (12, _): ("x-request-id", .xRequestID)
            case (14, _): ("content-length", .contentLength)
            case (16, _): ("proxy-connection", .hopByHop)
            case (17, _): ("transfer-encoding", .transferEncoding)
            default: ("", .other)
            }
        self = Self.matches(bytes, name, candidate) ? known : .other
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
