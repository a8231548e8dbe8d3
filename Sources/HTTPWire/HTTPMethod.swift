/// The method of a request. Names are case-sensitive (RFC 9110, 9.1). An unknown method is `other`; its name is in the
/// receive buffer.
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

    /// A request with a longer name is answered with 501.
    static let maxLength = 32

    init(_ bytes: Span<UInt8>, _ name: ByteRange) {
        // The name as one number. The longest known name has seven letters.
        var word: UInt64 = 0
        if name.count <= 7 {
            for index in name.range { word = word << 8 | UInt64(bytes[index]) }
        }
        self =
            switch word {
            case 0x47_45_54: .get
            case 0x48_45_41_44: .head
            case 0x50_4F_53_54: .post
            case 0x50_55_54: .put
            case 0x50_41_54_43_48: .patch
            case 0x44_45_4C_45_54_45: .delete
            case 0x4F_50_54_49_4F_4E_53: .options
            case 0x43_4F_4E_4E_45_43_54: .connect
            case 0x54_52_41_43_45: .trace
            default: .other
            }
    }

    /// The same as `== .head`, but faster, because `==` would compare strings. Every request needs this value.
    package var isHead: Bool {
        if case .head = self { true } else { false }
    }

    /// Whether the method is answered with 405, as in nginx. CONNECT makes no sense for a reverse proxy; TRACE returns
    /// headers that scripts must not see.
    package var isRefused: Bool { self == .connect || self == .trace }

    /// The value of the `Allow` header in a 405 response (RFC 9110, 15.5.6): all known methods that are passed on.
    package static let allowed = allCases.filter { !$0.isRefused && $0 != .other }.map(\.rawValue)
        .joined(separator: ", ")

    /// Whether a request that may have reached a peer can be sent to another peer (RFC 9110, 9.2.2). An unknown method
    /// counts as not idempotent.
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }
}

package enum HTTPVersion: Sendable, Hashable, Comparable {
    case http10
    /// 1.1. A later minor version is treated as 1.1, the highest known version (RFC 9110, 2.5).
    case http11

    /// The value of the CGI variable `SERVER_PROTOCOL`.
    package var name: String {
        switch self {
        case .http10: "HTTP/1.0"
        case .http11: "HTTP/1.1"
        }
    }
}
