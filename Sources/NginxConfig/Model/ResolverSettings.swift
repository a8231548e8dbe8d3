/// `resolver`: the DNS servers that look up the names of upstream servers with `resolve`.
package struct ResolverSettings: Sendable, Hashable {
    /// Used in rotation. The system's resolver looks up those that are host names.
    package let servers: [Endpoint]
    /// `valid=`: how long an answer is valid; nil: for the TTL of the answer.
    package internal(set) var validity: Duration?
    package internal(set) var isIPv4 = true
    package internal(set) var isIPv6 = true
}
