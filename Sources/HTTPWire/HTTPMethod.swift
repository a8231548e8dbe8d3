/// A request's method. Names are case-sensitive (RFC 9110, 9.1); what is not known here is `other`, and its name is
/// in the receive buffer.
package enum HTTPMethod: String, Sendable, Hashable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
    case connect = "CONNECT"
    case trace = "TRACE"
    case other = ""

    /// Longer names are answered 501.
    static let maximumLength = 32

    init(_ bytes: Span<UInt8>, _ name: ByteRange) {
        let method: HTTPMethod =
            switch (name.count, bytes[name.start]) {
            case (3, 0x47): .get
            case (3, _): .put
            case (4, 0x50): .post
            case (4, _): .head
            case (5, 0x50): .patch
            case (5, _): .trace
            case (6, _): .delete
            case (7, 0x4F): .options
            case (7, _): .connect
            default: .other
            }
        self = .other
        guard method != .other else { return }
        let wanted = method.rawValue.utf8Span.span
        for offset in 0..<wanted.count where bytes[name.start + offset] != wanted[offset] { return }
        self = method
    }

    /// Whether a request that may have reached a node can be sent to another one (RFC 9110, 9.2.2). What is not
    /// known counts as not repeatable.
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }
}

package enum HTTPVersion: Sendable, Hashable, Comparable {
    case http10
    /// 1.1, and any later minor version, which RFC 9110, 2.5 has us treat as the highest that we know.
    case http11

    /// `SERVER_PROTOCOL`.
    package var name: String {
        switch self {
        case .http10: "HTTP/1.0"
        case .http11: "HTTP/1.1"
        }
    }
}
