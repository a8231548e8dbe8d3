/// When a failed request goes to another peer, and how often.
package struct RetryPolicy: Sendable, Hashable {
    /// `fastcgi_next_upstream`
    package internal(set) var conditions: NextUpstream = [.error, .timeout]
    /// `fastcgi_next_upstream_tries`: the maximum number of peers for one request; 0: every peer.
    package internal(set) var maxTries = 0
    /// `fastcgi_next_upstream_timeout`: how long after the first try a retry may still start; zero: no limit.
    package internal(set) var timeout = Duration.zero

    package init(conditions: NextUpstream = [.error, .timeout], maxTries: Int = 0, timeout: Duration = .zero) {
        self.conditions = conditions
        self.maxTries = maxTries
        self.timeout = timeout
    }
}

/// The conditions of `fastcgi_next_upstream`. Empty (`off`): no retry.
package struct NextUpstream: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The connection could not be opened, or it failed before the end of the response's header.
    package static let error = NextUpstream(rawValue: 1)
    package static let timeout = NextUpstream(rawValue: 2)
    /// The response is empty or malformed.
    package static let invalidHeader = NextUpstream(rawValue: 4)
    package static let status500 = NextUpstream(rawValue: 8)
    package static let status503 = NextUpstream(rawValue: 16)
    package static let status403 = NextUpstream(rawValue: 32)
    package static let status404 = NextUpstream(rawValue: 64)
    package static let status429 = NextUpstream(rawValue: 128)
    /// A request with a method that is not idempotent is retried even if it has already been sent to a peer.
    package static let nonIdempotent = NextUpstream(rawValue: 256)

    static let byName: [String: NextUpstream] = [
        "error": .error, "timeout": .timeout, "invalid_header": .invalidHeader, "http_500": .status500,
        "http_503": .status503, "http_403": .status403, "http_404": .status404, "http_429": .status429,
        "non_idempotent": .nonIdempotent, "off": [],
    ]

    /// Whether a response with this status is a reason for a retry.
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
