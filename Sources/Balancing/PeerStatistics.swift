/// One peer as `/lb/stats` shows it.
package struct PeerStatistics: Sendable, Hashable {
    package let peer: Peer
    package let specification: PeerSpecification
    /// May be asked now.
    package let isHealthy: Bool
    /// Removed from the group, with work still under way.
    package let isDraining: Bool
    /// Requests under way.
    package let active: Int
    /// Open connections without a request, of all loops.
    package let idle: Int
    /// Requests given to the peer, retries included.
    package let requests: Int
    package let failures: Int
    /// The weight less what recent failures cost.
    package let effectiveWeight: Int
    /// Of complete responses, from the choice of the peer to the last byte.
    package let responseTimes: TimeHistogram
}

/// A group as `/lb/stats` shows it.
package struct GroupStatistics: Sendable, Hashable {
    package let strategy: BalancingStrategy
    package let peers: [PeerStatistics]
    /// Requests in the group's queue.
    package let waiting: Int
    /// How long requests waited in the queue.
    package let waits: TimeHistogram
}

extension GroupState {
    func statistics(now: Milliseconds) -> GroupStatistics {
        GroupStatistics(
            strategy: strategy,
            peers: peers.map { statistics(of: $0, isHealthy: isUsable($0, now: now), isDraining: false) }
                + draining.map { statistics(of: $0, isHealthy: false, isDraining: true) },
            waiting: queue.count, waits: waits)
    }

    private func statistics(of peer: PeerState, isHealthy: Bool, isDraining: Bool) -> PeerStatistics {
        PeerStatistics(
            peer: peer.peer, specification: peer.specification, isHealthy: isHealthy, isDraining: isDraining,
            active: peer.active, idle: peer.idleCount, requests: peer.requests, failures: peer.failures,
            effectiveWeight: peer.effectiveWeight, responseTimes: peer.responseTimes)
    }
}
