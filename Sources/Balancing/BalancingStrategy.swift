/// How a group chooses among its usable peers.
package enum BalancingStrategy: String, Sendable, CaseIterable {
    /// nginx's default: smooth weighted round robin.
    case roundRobin = "round-robin"
    /// nginx's `least_conn`.
    case leastConnections = "least-connections"

    /// Takes the names with underscores as well.
    package init?(parsing name: some StringProtocol) {
        self.init(rawValue: name.split(separator: "_", omittingEmptySubsequences: false).joined(separator: "-"))
    }
}
