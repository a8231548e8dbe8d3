internal import Balancing
internal import NginxConfig
internal import Reactor

/// A listening socket that is bound, for all loops.
struct BoundListener: Sendable {
    /// An address to listen on, and its settings.
    struct Place: Sendable {
        let address: SocketAddress
        let settings: ListenerSettings

        /// Whether this address includes `other`, as in nginx. If a configuration listens on all addresses of a port, a
        /// single address of that port gets no socket of its own, unless its `listen` has socket parameters. Its
        /// connections are recognized by the address that they were made to.
        func covers(_ other: Place) -> Bool {
            guard address.isWildcard, !other.address.isWildcard, !other.settings.hasOptions else { return false }
            return address.family == other.address.family && address.port == other.address.port
        }
    }

    let settings: ListenerSettings
    let address: SocketAddress
    /// The single addresses whose connections this listener accepts, too.
    let covered: [Place]
    /// One socket for all loops, or with `reuseport` one for each loop. There may be more if there were more loops
    /// before.
    let sockets: [ListeningSocket]
    /// The loops that accept connections.
    let owners: [Int]

    var isPerLoop: Bool { sockets.count > 1 }

    /// Whether a socket is accepted on by several loops.
    var isShared: Bool { !isPerLoop && owners.count > 1 }

    func descriptors(for loop: Int) -> [CInt] {
        guard isPerLoop else { return owners.contains(loop) ? [sockets[0].descriptor] : [] }
        return sockets.indices.filter { owners[$0 % owners.count] == loop }.map { sockets[$0].descriptor }
    }
}
