/// What the caller of ``PeerGroup/replacePeers(with:)`` must tell the loops.
package struct MembershipChange: Sendable {
    /// Peers that are no longer members: each loop must close its idle connections to them.
    package let removed: [Peer]
    /// The loop of each queued request. A loop with several queued requests occurs several times. All these requests
    /// must pick a peer again.
    package let wake: [Int]
}
