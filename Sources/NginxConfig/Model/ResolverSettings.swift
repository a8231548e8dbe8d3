/// `resolver`: the DNS servers that look up the names of upstream servers with `resolve`.
package struct ResolverSettings: Sendable, Hashable {
    /// The DNS servers, which are used in rotation. If one is given as a host name, the system's resolver looks it up.
    package let servers: [Endpoint]
    /// `valid=`: how long an answer is valid; nil: as long as its TTL says.
    package internal(set) var validity: Duration?
    package internal(set) var isIPv4 = true
    package internal(set) var isIPv6 = true
}
