/// A request's claim on a peer, from ``PeerGroup/pick(loop:now:tried:turn:)`` to ``PeerGroup/finish(_:_:connection:now:)``.
package struct Lease: Sendable {
    package let peer: Peer
    /// The loop that picked.
    package let loop: Int
    /// Where the request's connection comes from.
    package let connection: ConnectionSource
    /// A loop to tell that its oldest waiting request may pick again, because more than one place is free.
    package let wake: Int?
    /// Where the peer was in the group's list at the time: a hint that saves the search.
    let index: Int
}

/// Where the connection for a lease comes from.
package enum ConnectionSource: Sendable, Hashable {
    /// The loop has an idle one, and it is taken out of the count of idle ones.
    case idle
    /// The loop opens one. Its place under `max_conns` is taken.
    case open
    /// Every place under `max_conns` is taken, and the named loop has an idle connection: ask it to close one
    /// (``PeerGroup/idleConnectionClosed(_:loop:)``), then call ``PeerGroup/anotherConnection(for:after:)``.
    case reclaim(fromLoop: Int)
}

/// What became of a lease's connection.
package enum ConnectionEnd: Sendable {
    /// The loop would keep it as an idle one.
    case idle
    /// It is closed.
    case closed
    /// The lease had none (never opened, or already given up through ``PeerGroup/anotherConnection(for:after:)``).
    case none
}

/// What a request says about its peer's health.
package enum LeaseOutcome: Sendable {
    case success
    /// nginx's `fastcgi_next_upstream` conditions that count: error, timeout, invalid_header, 500, 503, ….
    case failure
    /// Nothing: the client went away, or the peer was not really asked.
    case unknown
}

/// What a group answers to a finished lease.
package struct FinishedLease: Sendable {
    /// False: close the connection that was to be kept (the peer is removed, or holds more than `max_conns`).
    package let keepsConnection: Bool
    /// A loop to tell that its oldest waiting request may pick again.
    package let wake: Int?
    /// Peers that outlier detection has put out now.
    package let ejections: [Ejection]
}
