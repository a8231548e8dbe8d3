/// The identity of a peer: what loops key their idle connections by. Its changing state belongs to the group.
package final class Peer: Sendable, Hashable {
    /// Unique in the group and never used again, counted from 0.
    package let id: Int
    package let address: String

    init(id: Int, address: String) {
        self.id = id
        self.address = address
    }

    package static func == (left: Peer, right: Peer) -> Bool { left === right }

    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
