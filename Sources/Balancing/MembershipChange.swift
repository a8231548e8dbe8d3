/// What loops are to be told after ``PeerGroup/replacePeers(with:)``.
package struct MembershipChange: Sendable {
    /// Peers without membership: every loop closes its idle connections to them.
    package let removed: [Peer]
    /// Loops to wake, one entry for each queued request: all of them pick again.
    package let wake: [Int]
}
