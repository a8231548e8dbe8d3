/// The sequence of peers that a request's key hashes to. A retry continues the sequence after the last chosen peer
/// (`ngx_http_upstream_hash_peer_data_t`).
struct HashSequence: Sendable {
    /// After this many unusable peers, nginx continues with round robin.
    private static let maxTries = 20

    private var hash: Int?
    private var round = 0
    private var steps = 0

    /// nginx's `ip_hash`.
    /// - Parameter address: the first three bytes of an IPv4 address, or a whole IPv6 address
    mutating func chooseByAddress(
        _ address: [UInt8], from peers: [PeerState], where isCandidate: (PeerState) -> Bool
    ) -> Int? {
        step(through: peers, where: isCandidate) { sequence in
            let hash = address.reduce(sequence.hash ?? 89) { ($0 * 113 + Int($1)) % 6271 }
            sequence.hash = hash
            return hash
        }
    }

    /// nginx's `hash`, compatible with Cache::Memcached: `((crc32([REHASH] KEY) >> 16) & 0x7fff) + PREV_HASH`.
    mutating func choose(
        byKey key: [UInt8], from peers: [PeerState], where isCandidate: (PeerState) -> Bool
    ) -> Int? {
        step(through: peers, where: isCandidate) { sequence in
            var crc = CRC32()
            if sequence.round > 0 { crc.update(String(sequence.round).utf8) }
            crc.update(key)
            sequence.round += 1
            let hash = (sequence.hash ?? 0) + Int(crc.value >> 16 & 0x7FFF)
            sequence.hash = hash
            return hash
        }
    }

    /// nginx's `hash … consistent`: the next server on the ring that has a usable peer.
    mutating func choose(
        byKey key: [UInt8], on ring: HashRing, from peers: inout [PeerState], now: Milliseconds,
        where isCandidate: (PeerState) -> Bool
    ) -> Int? {
        guard !ring.isEmpty else { return nil }
        var place = hash ?? ring.place(of: key)
        while steps <= Self.maxTries {
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
        through peers: [PeerState], where isCandidate: (PeerState) -> Bool, _ next: (inout HashSequence) -> Int
    ) -> Int? {
        let total = peers.primaryWeight
        guard total > 0 else { return nil }
        while steps <= Self.maxTries {
            let index = peers.primary(atWeight: next(&self) % total)
            if isCandidate(peers[index]) { return index }
            steps += 1
        }
        return nil
    }
}

extension [PeerState] {
    var primaryWeight: Int { reduce(0) { $1.specification.isBackup ? $0 : $0 + $1.specification.weight } }

    /// The primary peer at an offset, `0..<primaryWeight`. Each peer occupies as many offsets in a row as its weight.
    func primary(atWeight place: Int) -> Int {
        var rest = place
        for index in indices where !self[index].specification.isBackup {
            if rest < self[index].specification.weight { return index }
            rest -= self[index].specification.weight
        }
        return 0
    }
}
