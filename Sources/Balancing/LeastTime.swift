/// nginx Plus's `least_time`: the peer with the smallest product of average response time and active requests, relative
/// to its weight. Smooth weighted round robin decides between equal peers. A peer without a response yet comes first.
enum LeastTime {
    static func choose(
        from peers: inout [PeerState], by average: KeyPath<PeerState, Int64>, now: Milliseconds,
        where isCandidate: (PeerState) -> Bool
    ) -> Int? {
        var least = Double.infinity
        for index in peers.indices where isCandidate(peers[index]) {
            least = min(least, score(peers[index], average, now))
        }
        guard least < .infinity else { return nil }
        return SmoothWeightedRoundRobin.choose(from: &peers, now: now) { peer in
            score(peer, average, now) <= least && isCandidate(peer)
        }
    }

    private static func score(_ peer: PeerState, _ average: KeyPath<PeerState, Int64>, _ now: Milliseconds) -> Double {
        Double(peer[keyPath: average]) * Double(peer.active + 1) / Double(peer.fullWeight(at: now))
    }
}
