/// `least_time` of nginx's commercial version: the least average time together with the fewest requests under way, in
/// proportion to the weight; smooth weighted round robin among equals. A peer that has not answered yet comes first.
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
