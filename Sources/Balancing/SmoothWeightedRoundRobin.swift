/// nginx's default policy (`ngx_http_upstream_get_peer`): every usable peer gains its weight, the richest is chosen
/// and pays what all of them gained. Over a cycle each gets exactly its share, and a heavy one's turns are spread.
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
    /// One round's gain; the effective weight then recovers by 1.
    mutating func gainWeight(at now: Milliseconds) -> Int {
        let gain = scaledWeight(effectiveWeight, at: now)
        currentWeight += gain
        if effectiveWeight < specification.weight { effectiveWeight += 1 }
        return gain
    }
}
