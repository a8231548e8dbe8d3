/// A request's use of a peer, from ``PeerGroup/pick(loop:now:tried:reason:)`` to
/// ``PeerGroup/finish(_:_:connection:now:times:isError:)``.
package struct Lease: Sendable {
    package let peer: Peer
    /// The loop that has picked the peer.
    package let loop: Int
    /// Where the request's connection comes from.
    package let connection: ConnectionSource
    /// Another loop to wake, because one more connection is free: the oldest queued request of that loop should pick a
    /// peer. nil: no loop.
    package let wake: Int?
    /// The peer's index in the group at the time of the pick: a hint that saves a search.
    let index: Int
}

/// Where the connection for a lease comes from.
package enum ConnectionSource: Sendable, Hashable {
    /// The loop uses one of its idle connections. The connection no longer counts as idle.
    case idle
    /// The loop opens a new connection. It counts against `max_conns` already.
    case open
    /// The peer is at `max_conns`, and another loop has an idle connection. Ask that loop to close it
    /// (``PeerGroup/idleConnectionClosed(_:loop:)``), then call ``PeerGroup/anotherConnection(for:after:)``.
    case reclaim(fromLoop: Int)
}

/// What happens to the connection at the end of a lease.
package enum ConnectionEnd: Sendable {
    /// The loop wants to keep the connection as an idle one.
    case idle
    /// The connection is closed.
    case closed
    /// The lease has no connection: none was opened, or its closed connection was already reported to
    /// ``PeerGroup/anotherConnection(for:after:)``.
    case none
}

/// What the end of a request says about the health of the peer.
package enum LeaseOutcome: Sendable {
    case success
    /// The request met a condition of `fastcgi_next_upstream` that nginx counts as an unsuccessful attempt: error,
    /// timeout, invalid_header, 500, 503, ….
    case failure
    /// The request says nothing about the peer: the client has disconnected, or the peer did not get the request.
    case unknown
}

/// The consequences of a finished lease.
package struct FinishedLease: Sendable {
    /// False: close the connection, because the peer was removed, is `down`, or has more than `max_conns` connections.
    package let keepsConnection: Bool
    /// The loop to wake, so that its oldest queued request picks a peer; nil: none.
    package let wake: Int?
    /// Peers that outlier detection has just ejected.
    package let ejections: [Ejection]
}
