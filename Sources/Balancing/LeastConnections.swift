/// nginx's `least_conn`: the peer with the fewest active requests relative to its weight. Smooth weighted round robin
/// decides between equal peers.
enum LeastConnections {
    static func choose(
        from peers: inout [PeerState], now: Milliseconds, where isCandidate: (PeerState) -> Bool
    ) -> Int? {
        var least: Int?
        var isShared = false
        for index in peers.indices where isCandidate(peers[index]) {
            switch least.map({ compareLoad(peers[index], peers[$0], now) }) ?? -1 {
            case ..<0: (least, isShared) = (index, false)
            case 0: isShared = true
            default: break
            }
        }
        guard let least, isShared else { return least }
        let (active, weight) = (peers[least].active, peers[least].fullWeight(at: now))
        return SmoothWeightedRoundRobin.choose(from: &peers, now: now) { peer in
            peer.active * weight == active * peer.fullWeight(at: now) && isCandidate(peer)
        }
    }

    /// Negative if `left` has the smaller load for its weight.
    private static func compareLoad(_ left: PeerState, _ right: PeerState, _ now: Milliseconds) -> Int {
        left.active * right.fullWeight(at: now) - right.active * left.fullWeight(at: now)
    }
}
