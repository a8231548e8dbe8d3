/// A request's way through the peers that hashing its key names one after the other. A retry goes on where the choice
/// before it ended (nginx: `ngx_http_upstream_hash_peer_data_t`).
package struct HashWalk: Sendable {
    /// nginx asks a round robin after so many.
    private static let mostSteps = 20

    private var hash: Int?
    private var round = 0
    private var steps = 0

    /// nginx's `ip_hash`.
    /// - Parameter address: the first three bytes of an IPv4 address, all of an IPv6 address
    mutating func chooseByAddress(
        _ address: [UInt8], from peers: [PeerState], where isCandidate: (PeerState) -> Bool
    ) -> Int? {
        step(through: peers, where: isCandidate) { walk in
            let hash = address.reduce(walk.hash ?? 89) { ($0 * 113 + Int($1)) % 6271 }
            walk.hash = hash
            return hash
        }
    }

    /// nginx's `hash`, which Cache::Memcached knows: `((crc32([REHASH] KEY) >> 16) & 0x7fff) + PREV_HASH`.
    mutating func choose(
        byKey key: [UInt8], from peers: [PeerState], where isCandidate: (PeerState) -> Bool
    ) -> Int? {
        step(through: peers, where: isCandidate) { walk in
            var crc = CRC32()
            if walk.round > 0 { crc.update(String(walk.round).utf8) }
            crc.update(key)
            walk.round += 1
            let hash = (walk.hash ?? 0) + Int(crc.value >> 16 & 0x7FFF)
            walk.hash = hash
            return hash
        }
    }

    /// nginx's `hash … consistent`: the ring's next server that has a usable peer.
    mutating func choose(
        byKey key: [UInt8], on ring: ConsistentRing, from peers: inout [PeerState], now: Milliseconds,
        where isCandidate: (PeerState) -> Bool
    ) -> Int? {
        guard !ring.isEmpty else { return nil }
        var place = hash ?? ring.place(of: key)
        while steps <= Self.mostSteps {
            let server = ring.server(at: place)
            let index = SmoothWeightedRoundRobin.choose(from: &peers, now: now) { peer in
                peer.specification.server == server && isCandidate(peer)
            }
            if let index {
                hash = place
                return index
            }
            place += 1
            steps += 1
        }
        hash = place
        return nil
    }

    private mutating func step(
        through peers: [PeerState], where isCandidate: (PeerState) -> Bool, _ next: (inout HashWalk) -> Int
    ) -> Int? {
        let total = peers.primaryWeight
        guard total > 0 else { return nil }
        while steps <= Self.mostSteps {
            let index = peers.primary(atWeight: next(&self) % total)
            if isCandidate(peers[index]) { return index }
            steps += 1
        }
        return nil
    }
}

extension [PeerState] {
    var primaryWeight: Int { reduce(0) { $1.specification.isBackup ? $0 : $0 + $1.specification.weight } }

    /// The primary peer whose share of the weights holds the place.
    func primary(atWeight place: Int) -> Int {
        var rest = place
        for index in indices where !self[index].specification.isBackup {
            if rest < self[index].specification.weight { return index }
            rest -= self[index].specification.weight
        }
        return 0
    }
}
