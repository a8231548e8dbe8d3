internal import Bytes

/// One header line of a message whose bytes are in the receive buffer.
package struct HeaderField: Sendable {
    /// The name as the client wrote it. In a request it has only bytes of `[A-Za-z0-9-]`, unless ``RequestRules`` allow
    /// others.
    package let name: ByteRange
    /// The value without the blanks around it. It may be empty.
    package internal(set) var value: ByteRange
    /// Which header it is, if HTTP itself or the balancer looks for it.
    package let known: KnownHeader
    /// Whether the header is for this connection only and must not be passed on (RFC 9110, 7.6.1). It is true for
    /// HTTP's own hop-by-hop headers, and for headers that `Connection` lists.
    package internal(set) var isHopByHop: Bool
    /// Whether an earlier line has the same name. Code that joins lines with the same name skips this line.
    package internal(set) var isRepetition = false
    private var following: Int32 = -1
    /// Equal for names that differ only in the case of letters, or in `_` and `-`.
    let hash: UInt32

    init(name: ByteRange, value: ByteRange, known: KnownHeader, hash: UInt32) {
        self.name = name
        self.value = value
        self.known = known
        self.hash = hash
        isHopByHop = known.isHopByHop
    }

    /// The index of the next line with the same name.
    package internal(set) var next: Int? {
        get { following < 0 ? nil : Int(following) }
        set { following = newValue.map(Int32.init) ?? -1 }
    }
}

/// The header names that HTTP's framing and the balancer look for.
package enum KnownHeader: UInt8, Sendable, Hashable, CaseIterable {
    case other
    case accept, authorization, connection, contentLength, contentType, cookie, expect, host, keepAlive, prefer
    case proxy, proxyAuthenticate, proxyAuthorization, proxyConnection, te, trailer, transferEncoding, upgrade
    case userAgent, xForwardedFor, xRequestID

    /// The name in lower case; empty for `other`.
    package var name: String {
        switch self {
        case .other: ""
        case .accept: "accept"
        case .authorization: "authorization"
        case .connection: "connection"
        case .contentLength: "content-length"
        case .contentType: "content-type"
        case .cookie: "cookie"
        case .expect: "expect"
        case .host: "host"
        case .keepAlive: "keep-alive"
        case .prefer: "prefer"
        case .proxy: "proxy"
        case .proxyAuthenticate: "proxy-authenticate"
        case .proxyAuthorization: "proxy-authorization"
        case .proxyConnection: "proxy-connection"
        case .te: "te"
        case .trailer: "trailer"
        case .transferEncoding: "transfer-encoding"
        case .upgrade: "upgrade"
        case .userAgent: "user-agent"
        case .xForwardedFor: "x-forwarded-for"
        case .xRequestID: "x-request-id"
        }
    }

    var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyAuthenticate, .proxyAuthorization, .proxyConnection, .te, .trailer,
            .transferEncoding, .upgrade:
            true
        default: false
        }
    }

    /// - Parameter tail: the last 16 bytes of the name in lower case, with `-` for `_`, as one number
    init(_ bytes: Span<UInt8>, _ name: ByteRange, tail: UInt128) {
        // The length and the first letter leave one candidate, so that an unknown name costs almost nothing.
        let candidate: KnownHeader =
            switch (name.count, bytes[name.start].lowercased) {
            case (2, _): .te
            case (4, _): .host
            case (5, _): .proxy
            case (6, UInt8(ascii: "a")): .accept
            case (6, UInt8(ascii: "c")): .cookie
            case (6, UInt8(ascii: "e")): .expect
            case (6, _): .prefer
            case (7, UInt8(ascii: "t")): .trailer
            case (7, _): .upgrade
            case (10, UInt8(ascii: "c")): .connection
            case (10, UInt8(ascii: "k")): .keepAlive
            case (10, _): .userAgent
            case (12, UInt8(ascii: "c")): .contentType
            case (12, _): .xRequestID
            case (13, _): .authorization
            case (14, _): .contentLength
            case (15, _): .xForwardedFor
            case (16, _): .proxyConnection
            case (17, _): .transferEncoding
            case (18, _): .proxyAuthenticate
            case (19, _): .proxyAuthorization
            default: .other
            }
        self =
            candidate != .other && tail == Self.tails[Int(candidate.rawValue)]
                && (name.count <= 16 || bytes.matches(name, ignoringCase: candidate.name))
            ? candidate : .other
    }

    private static let tails = InlineArray<22, UInt128> { index in
        allCases[index].name.utf8.reduce(0) { $0 << 8 | UInt128($1) }
    }
}
