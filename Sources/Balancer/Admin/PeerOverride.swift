internal import Balancing
internal import Reactor

/// What `/lb/peers` has said of a peer. It holds over reloads, until it is said otherwise.
struct PeerOverride: Sendable {
    enum State: String, Sendable, CaseIterable {
        /// As the configuration says.
        case up
        /// No new requests, and no idle connections; what is under way ends.
        case drain
        /// It is no member any more.
        case removed
    }

    var state: State
    /// Of a peer that the configuration does not have.
    var added: PeerSpecification?
}

extension [PeerSpecification] {
    /// The members with what was said of them.
    func applying(_ overrides: [String: PeerOverride]) -> [PeerSpecification] {
        if overrides.isEmpty { return self }
        var peers: [PeerSpecification] = []
        for var peer in self {
            switch overrides[peer.address]?.state {
            case nil, .up: peers.append(peer)
            case .drain:
                peer.isDown = true
                peers.append(peer)
            case .removed: break
            }
        }
        for (address, override) in overrides.sorted(by: { $0.key < $1.key }) where override.state != .removed {
            guard var peer = override.added, !contains(where: { $0.address == address }) else { continue }
            if override.state == .drain { peer.isDown = true }
            peers.append(peer)
        }
        return peers
    }
}

extension BalancerLoop {
    /// Says what `/lb/peers` was told, on all loops.
    func setPeer(_ address: String, of upstream: SharedUpstream, to override: PeerOverride?) {
        let drained =
            override?.state == .drain
            ? upstream.group.statistics(now: milliseconds).peers.map(\.peer).filter { $0.address == address } : []
        upstream.setOverride(override, of: address)
        guard let change = upstream.update() else { return }
        for sibling in siblings where !sibling.hasEnded {
            sibling.post { sibling in
                let mine = sibling.upstream(upstream)
                for peer in change.removed + drained { mine.removed(peer) }
            }
        }
        for loop in change.wake { siblings[loop].post { $0.upstream(upstream).wakeFirst() } }
    }
}
