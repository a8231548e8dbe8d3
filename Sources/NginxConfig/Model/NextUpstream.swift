/// `fastcgi_next_upstream`: after what a request is given to another node. Empty: after nothing (`off`).
package struct NextUpstream: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The connection failed: when it was made, while the request was sent, or before the response's header.
    package static let error = NextUpstream(rawValue: 1)
    package static let timeout = NextUpstream(rawValue: 2)
    /// What came is no response.
    package static let invalidHeader = NextUpstream(rawValue: 4)
    package static let status500 = NextUpstream(rawValue: 8)
    package static let status503 = NextUpstream(rawValue: 16)
    package static let status403 = NextUpstream(rawValue: 32)
    package static let status404 = NextUpstream(rawValue: 64)
    package static let status429 = NextUpstream(rawValue: 128)
    /// Also requests that a node may have begun to work on and whose method is not idempotent.
    package static let nonIdempotent = NextUpstream(rawValue: 256)

    static let byName: [String: NextUpstream] = [
        "error": .error, "timeout": .timeout, "invalid_header": .invalidHeader, "http_500": .status500,
        "http_503": .status503, "http_403": .status403, "http_404": .status404, "http_429": .status429,
        "non_idempotent": .nonIdempotent, "off": [],
    ]

    /// Whether a response of this status is one to ask another node after.
    package func contains(status: Int) -> Bool {
        switch status {
        case 500: contains(.status500)
        case 503: contains(.status503)
        case 403: contains(.status403)
        case 404: contains(.status404)
        case 429: contains(.status429)
        default: false
        }
    }
}
