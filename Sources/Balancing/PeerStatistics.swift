/// A peer as `/lb/stats` shows it.
package struct PeerStatistics: Sendable, Hashable {
    package let peer: Peer
    package let specification: PeerSpecification
    /// Whether the peer may be chosen now.
    package let isHealthy: Bool
    /// Whether the peer was removed from the group, but still has active requests or open connections.
    package let isDraining: Bool
    /// The number of active requests.
    package let active: Int
    /// The number of idle connections of all loops.
    package let idle: Int
    /// The number of requests sent to the peer, including retries.
    package let requests: Int
    package let failures: Int
    /// The time of complete responses, from the choice of the peer to the last byte.
    package let responseTimes: TimeHistogram
    /// The result of the active checks; nil if there are none.
    package let checkedHealth: CheckedHealth?
    package let checksPassed: Int
    package let checksFailed: Int
    /// Whether outlier detection has ejected the peer.
    package let isEjected: Bool
    package let ejections: EjectionCounts
}

/// A group as `/lb/stats` shows it.
package struct GroupStatistics: Sendable, Hashable {
    package let strategy: BalancingStrategy
    package let peers: [PeerStatistics]
    /// The number of queued requests.
    package let waiting: Int
    /// How long requests were queued.
    package let waits: TimeHistogram
    package let detectsOutliers: Bool
}

extension GroupState {
    func statistics(now: Milliseconds) -> GroupStatistics {
        GroupStatistics(
            strategy: strategy,
            peers: peers.map { statistics(of: $0, isHealthy: isUsable($0, now: now), isDraining: false, now) }
                + draining.map { statistics(of: $0, isHealthy: false, isDraining: true, now) },
            waiting: queue.count, waits: waits, detectsOutliers: outliers != nil)
    }

    private func statistics(
        of peer: PeerState, isHealthy: Bool, isDraining: Bool, _ now: Milliseconds
    ) -> PeerStatistics {
        PeerStatistics(
            peer: peer.peer, specification: peer.specification, isHealthy: isHealthy, isDraining: isDraining,
            active: peer.active, idle: peer.idleCount, requests: peer.requests, failures: peer.failures,
            responseTimes: peer.responseTimes,
            checkedHealth: peer.checkedHealth, checksPassed: peer.checksPassed, checksFailed: peer.checksFailed,
            isEjected: peer.outlier.isEjected(at: now), ejections: peer.outlier.ejections)
    }
}
