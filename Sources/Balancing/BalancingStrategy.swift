/// How a group chooses one of its usable peers.
package enum BalancingStrategy: String, Sendable, CaseIterable {
    /// nginx's default: smooth weighted round robin.
    case roundRobin = "round-robin"
    /// nginx's `least_conn`.
    case leastConnections = "least-connections"
    /// nginx Plus's `least_time header`.
    case leastTimeToHead = "least-time-header"
    /// nginx Plus's `least_time last_byte`.
    case leastTimeToEnd = "least-time-last-byte"
    /// nginx's `random`.
    case random
    /// nginx's `random two`: draws two peers and takes the one with less load.
    case randomTwo = "random-two"
    /// nginx's `ip_hash`.
    case addressHash = "ip-hash"
    /// nginx's `hash`.
    case hash
    /// nginx's `hash … consistent`.
    case consistentHash = "hash-consistent"

    /// The strategies that the admin call `/lb/strategy` can set. The others can be set only in the configuration file.
    package static let switchable: [BalancingStrategy] = [.roundRobin, .leastConnections]

    /// Accepts underscores instead of hyphens too.
    package init?(parsing name: some StringProtocol) {
        self.init(rawValue: name.split(separator: "_", omittingEmptySubsequences: false).joined(separator: "-"))
    }
}
