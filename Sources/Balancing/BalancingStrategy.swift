/// How a group chooses among its usable peers.
package enum BalancingStrategy: String, Sendable, CaseIterable {
    /// nginx's default: smooth weighted round robin.
    case roundRobin = "round-robin"
    /// nginx's `least_conn`.
    case leastConnections = "least-connections"
    /// `least_time header`, of nginx's commercial version.
    case leastTimeToHead = "least-time-header"
    /// `least_time last_byte`
    case leastTimeToEnd = "least-time-last-byte"
    /// nginx's `random`.
    case random
    /// nginx's `random two`: the less loaded of two drawn.
    case randomTwo = "random-two"
    /// nginx's `ip_hash`.
    case addressHash = "ip-hash"
    /// nginx's `hash`.
    case hash
    /// nginx's `hash … consistent`.
    case consistentHash = "hash-consistent"

    /// Those that the administrative call may switch between: the others belong to a configuration.
    package static let switchable: [BalancingStrategy] = [.roundRobin, .leastConnections]

    /// Takes the names with underscores as well.
    package init?(parsing name: some StringProtocol) {
        self.init(rawValue: name.split(separator: "_", omittingEmptySubsequences: false).joined(separator: "-"))
    }
}
