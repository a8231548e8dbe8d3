/// nginx's `random` and `random two`: draws peers with a probability proportional to their weight.
struct RandomChoice {
    /// After this many draws of unusable peers, nginx continues with round robin.
    private static let maxTries = 20
    private var state: UInt64

    /// - Parameter seed: the same seed gives the same choices
    init(seed: UInt64 = .random(in: 0 ... .max)) { state = seed }

    mutating func choose(from peers: [PeerState], where isCandidate: (PeerState) -> Bool) -> Int? {
        let total = peers.primaryWeight
        guard total > 0 else { return nil }
        for _ in 0...Self.maxTries {
            let index = draw(from: peers, total)
            if isCandidate(peers[index]) { return index }
        }
        return nil
    }

    /// Draws two different peers and takes the one with fewer active requests for its weight.
    mutating func chooseLessLoadedOfTwo(from peers: [PeerState], where isCandidate: (PeerState) -> Bool) -> Int? {
        let total = peers.primaryWeight
        guard total > 0 else { return nil }
        var first: Int?
        for _ in 0...Self.maxTries {
            let index = draw(from: peers, total)
            guard index != first, isCandidate(peers[index]) else { continue }
            guard let other = first else {
                first = index
                continue
            }
            let isWorse =
                peers[index].active * peers[other].specification.weight
                > peers[other].active * peers[index].specification.weight
            return isWorse ? other : index
        }
        return nil
    }

    private mutating func draw(from peers: [PeerState], _ total: Int) -> Int {
        peers.primary(atWeight: Int(next() >> 1) % total)
    }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
