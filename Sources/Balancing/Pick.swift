/// The answer to a request that looks for a peer.
package enum Pick: Sendable {
    case peer(Lease)
    /// Every usable peer is at `max_conns`. The loop has a place in the group's queue now: it keeps the request
    /// until it is told (`wake`), or gives the place up with ``PeerGroup/leaveQueue(loop:)``.
    case queued
    /// Every usable peer is at `max_conns`, and so is the queue: 503.
    case allBusy
    /// No peer may be asked that this request has not tried already: 502, or the last peer's error.
    case noneUsable
}

/// Whether a request comes new to a group or was woken from its queue.
package enum Turn: Sendable {
    /// Goes behind those that wait already.
    case newcomer
    /// Was told to pick again; if it must wait further, it waits in front.
    case woken
    /// No peer was usable before, and it waits for one: a peer that is out after failures is asked all the same, by one
    /// request in each ``PeerState/lastResortInterval``.
    case stranded
}

/// The peers one request has been given, so that a retry gets another.
package struct TriedPeers: Sendable {
    private var ids: [Int] = []
    /// What a hash is made of; empty: a round robin chooses. To be set before the first pick.
    package var key: [UInt8] = []
    var walk = HashWalk()

    package init() {}

    package var count: Int { ids.count }
    package var isEmpty: Bool { ids.isEmpty }

    func contains(_ peer: Peer) -> Bool { ids.contains(peer.id) }

    mutating func insert(_ peer: Peer) { ids.append(peer.id) }

    /// For the next request on the same client connection.
    package mutating func removeAll() {
        ids.removeAll(keepingCapacity: true)
        if !key.isEmpty {
            key.removeAll(keepingCapacity: true)
            walk = HashWalk()
        }
    }
}
