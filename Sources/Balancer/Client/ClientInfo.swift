internal import Reactor

/// What is known of a client's connection, for variables and rules.
final class ClientInfo {
    /// `$connection`: unique in the life of the process.
    let number: UInt64
    /// The peer of the connection itself.
    let address: SocketAddress
    /// `$remote_addr`, unless a trusted proxy tells another one.
    let addressText: AddressText
    let openedAt: MonotonicTime
    /// `$https` is `on`.
    let isEncrypted: Bool
    private let transport: (any Transport)?
    /// What the header of the PROXY protocol says.
    var proxied: ProxiedConnection?
    /// `$connection_requests`.
    var requests = 0
    private var knownLocalAddress: SocketAddress?

    /// - Parameter local: The address that the connection was made to; nil: the transport is asked when it is needed.
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

    /// `$tcpinfo_…`; nil if it is not TCP.
    var tcpInfo: TCPInfo? { transport?.tcpInfo }

    /// `$scheme`.
    var scheme: StaticString { isEncrypted ? "https" : "http" }

    /// The port that `$scheme` implies: 80 or 443.
    var defaultPort: UInt16 { isEncrypted ? 443 : 80 }
}

/// What a load balancer in front says of the connection (PROXY protocol).
///
/// A class, because hardly any connection has one: it takes no room in the others.
final class ProxiedConnection {
    let source: SocketAddress
    let destination: SocketAddress

    init(source: SocketAddress, destination: SocketAddress) {
        self.source = source
        self.destination = destination
    }
}
