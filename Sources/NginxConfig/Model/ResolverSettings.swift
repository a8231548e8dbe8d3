/// `resolver`: the DNS servers that are asked for the names of servers with `resolve`.
package struct ResolverSettings: Sendable, Hashable {
    /// Asked in turn. Their names, where they have any, are the system's to look up.
    package let servers: [Endpoint]
    /// How long an answer holds; nil: as long as it says itself.
    package internal(set) var validity: Duration?
    package internal(set) var isIPv4 = true
    package internal(set) var isIPv6 = true
}
