/// What the caller of ``PeerGroup/replacePeers(with:)`` must tell the loops.
package struct MembershipChange: Sendable {
    /// Peers that are no longer members: each loop must close its idle connections to them.
    package let removed: [Peer]
    /// One entry per queued request, naming its loop: all of them must pick again.
    package let wake: [Int]
}
