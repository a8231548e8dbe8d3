/// nginx's default strategy (`ngx_http_upstream_get_peer`). Each usable peer adds its weight to its running value. The
/// peer with the highest value is chosen, and the sum of the added weights is subtracted from its value. Over a full
/// cycle, each peer gets exactly its share, and the requests to a peer with a high weight are spread over the cycle.
enum SmoothWeightedRoundRobin {
    static func choose(
        from peers: inout [PeerState], now: Milliseconds, where isCandidate: (PeerState) -> Bool
    ) -> Int? {
        var best: Int?
        var total = 0
        for index in peers.indices where isCandidate(peers[index]) {
            total += peers[index].gainWeight(at: now)
            if best.map({ peers[index].currentWeight > peers[$0].currentWeight }) ?? true { best = index }
        }
        if let best { peers[best].currentWeight -= total }
        return best
    }
}

extension PeerState {
    /// Adds the effective weight to the running value. The effective weight then recovers by 1.
    mutating func gainWeight(at now: Milliseconds) -> Int {
        let gain = scaledWeight(effectiveWeight, at: now)
        currentWeight += gain
        if effectiveWeight < specification.weight { effectiveWeight += 1 }
        return gain
    }
}
