/// The identity of a peer. The loops store their idle connections under it. The state of the peer is in the group.
package final class Peer: Sendable, Hashable {
    /// Unique in the group, from 0, and never reused.
    package let id: Int
    package let address: String

    init(id: Int, address: String) {
        self.id = id
        self.address = address
    }

    package static func == (left: Peer, right: Peer) -> Bool { left === right }

    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
