internal import Reactor

/// Facts about a client's connection, for variables and rules.
final class ClientInfo {
    /// `$connection`: a number that is unique in the life of the process.
    let number: UInt64
    /// The address from which the connection was made: the client's or a proxy's.
    let address: SocketAddress
    /// `$remote_addr`, unless a trusted proxy names another address.
    let addressText: AddressText
    let openedAt: MonotonicTime
    /// Whether `$https` is `on`.
    let isEncrypted: Bool
    private let transport: (any Transport)?
    /// The addresses in the header of the PROXY protocol; nil without such a header.
    var proxied: ProxiedConnection?
    /// `$connection_requests`.
    var requests = 0
    private var knownLocalAddress: SocketAddress?

    /// - Parameter local: The address that the connection was made to. If it is nil, the transport is asked when the
    ///   address is needed.
    init(
        number: UInt64, address: SocketAddress, local: SocketAddress?, transport: (any Transport)?,
        openedAt: MonotonicTime
    ) {
        knownLocalAddress = local
        self.openedAt = openedAt
        self.number = number
        self.address = address
        self.transport = transport
        isEncrypted = transport?.isEncrypted ?? false
        addressText = AddressText(address)
    }

    /// The address that the connection was made to.
    var localAddress: SocketAddress? {
        if knownLocalAddress == nil { knownLocalAddress = transport?.localAddress }
        return knownLocalAddress
    }

    /// `$tcpinfo_…`; nil if the connection is not TCP.
    var tcpInfo: TCPInfo? { transport?.tcpInfo }

    /// `$scheme`.
    var scheme: StaticString { isEncrypted ? "https" : "http" }

    /// The port that `$scheme` implies: 80 or 443.
    var defaultPort: UInt16 { isEncrypted ? 443 : 80 }
}

/// The addresses of the original connection, sent by another load balancer in front of this one (PROXY protocol).
///
/// It is a class, because most connections have no such addresses, and a nil reference takes less memory than room for
/// two addresses.
final class ProxiedConnection {
    let source: SocketAddress
    let destination: SocketAddress

    init(source: SocketAddress, destination: SocketAddress) {
        self.source = source
        self.destination = destination
    }
}
