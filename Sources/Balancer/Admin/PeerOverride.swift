internal import Balancing
internal import Reactor

/// What a call of `/lb/peers` has set for a peer. Reloads keep it, until another call changes it.
struct PeerOverride: Sendable {
    enum State: String, Sendable, CaseIterable {
        /// The peer gets requests.
        case up
        /// The peer gets no new requests, and its idle connections are closed. Requests in progress finish.
        case drain
        /// The peer is not a member of the upstream.
        case removed
    }

    var state: State
    /// The settings of a peer that the call has added; nil if the peer is in the configuration.
    var added: PeerSpecification?
}

extension [PeerSpecification] {
    /// Applies the overrides: leaves out the removed peers, marks the drained ones as down, and appends the added ones.
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
    /// Sets the override of a peer; nil removes the override. Then tells all loops about the change. If the peer was
    /// removed or drained, the loops close their idle connections to it. The loops also wake their waiting requests.
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
