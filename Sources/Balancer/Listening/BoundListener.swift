internal import Balancing
internal import NginxConfig
internal import Reactor

/// An address that the balancer listens on, with its bound sockets for all loops.
struct BoundListener: Sendable {
    /// An address to listen on, and its settings.
    struct Place: Sendable {
        let address: SocketAddress
        let settings: ListenerSettings

        /// Whether the socket of this address also accepts the connections to `other`, as in nginx. If a configuration
        /// listens on all addresses of a port (`*:80`), a single address with this port (`10.0.0.1:80`) gets its own
        /// socket only if its `listen` has socket parameters. If the single address has no socket of its own, the
        /// balancer recognizes the connections to this address by their local address.
        func covers(_ other: Place) -> Bool {
            guard address.isWildcard, !other.address.isWildcard, !other.settings.hasOptions else { return false }
            return address.family == other.address.family && address.port == other.address.port
        }
    }

    let settings: ListenerSettings
    let address: SocketAddress
    /// The addresses that have no socket of their own: this listener accepts their connections.
    let covered: [Place]
    /// One socket for all loops, or with `reuseport` one for each loop. After a reload that reduces the number of
    /// loops, there are more sockets than loops.
    let sockets: [ListeningSocket]
    /// The loops that accept connections.
    let owners: [Int]

    var isPerLoop: Bool { sockets.count > 1 }

    /// Whether several loops accept connections from the same socket.
    var isShared: Bool { !isPerLoop && owners.count > 1 }

    func descriptors(for loop: Int) -> [CInt] {
        guard isPerLoop else { return owners.contains(loop) ? [sockets[0].descriptor] : [] }
        return sockets.indices.filter { owners[$0 % owners.count] == loop }.map { sockets[$0].descriptor }
    }
}
