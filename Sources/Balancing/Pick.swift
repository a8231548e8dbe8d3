/// The result of ``PeerGroup/pick(loop:now:tried:reason:)``.
package enum Pick: Sendable {
    case peer(Lease)
    /// Every usable peer is at `max_conns`, and the request is queued. The loop keeps the request until it is woken, or
    /// until it calls ``PeerGroup/leaveQueue(loop:)``.
    case queued
    /// Every usable peer is at `max_conns`, and the queue is full: answer with 503.
    case allBusy
    /// No peer is usable, or this request has already tried all usable peers: answer with 502, or with the last peer's
    /// error.
    case noneUsable
}

/// Why a request picks a peer.
package enum PickReason: Sendable {
    /// The request is new to the group. If others are queued, it goes to the end of the queue.
    case newRequest
    /// The loop was woken for the request. If the request has to wait again, it goes to the front of the queue.
    case dequeued
    /// The request waits for a healthy peer, because none was usable. One such request per `PeerState.probeInterval`
    /// may probe a failed peer.
    case waitingForHealthyPeer
}

/// The peers that one request has tried, so that a retry goes to another peer.
package struct TriedPeers: Sendable {
    private var ids: [Int] = []
    /// The key to hash, set before the first pick; empty: round robin chooses.
    package var key: [UInt8] = []
    var sequence = HashSequence()

    package init() {}

    package var count: Int { ids.count }
    package var isEmpty: Bool { ids.isEmpty }

    func contains(_ peer: Peer) -> Bool { ids.contains(peer.id) }

    mutating func insert(_ peer: Peer) { ids.append(peer.id) }

    /// Prepares for the next request on the same client connection.
    package mutating func removeAll() {
        ids.removeAll(keepingCapacity: true)
        if !key.isEmpty {
            key.removeAll(keepingCapacity: true)
            sequence = HashSequence()
        }
    }
}
