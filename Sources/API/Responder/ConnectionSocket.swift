internal import CLinux
internal import Glibc
internal import Reactor

/// Prepares an accepted socket for libfcgi.
enum ConnectionSocket {
    /// Makes the socket blocking, with a timeout for each read and write. On TCP, keepalive detects a dead peer.
    static func prepare(_ descriptor: CInt, _ peer: SocketAddress) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        var timeout = timeval(tv_sec: Int(ResponderTimeouts.inputOutput.components.seconds), tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
        if case .unix = peer { return }
        var on: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, socklen_t(MemoryLayout<CInt>.size))
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
    }
}

/// The web servers that may connect: `FCGI_WEB_SERVER_ADDRS` (FastCGI 1.0, section 3.2). If the variable is not set,
/// all web servers may connect.
struct AllowedWebServers: Sendable {
    private let addresses: Set<SocketAddress>?

    init(_ addresses: [SocketAddress]?) { self.addresses = addresses.map { Set($0) } }

    func contains(_ server: SocketAddress) -> Bool {
        guard let addresses else { return true }
        if case .unix = server { return true }
        var address = server
        address.port = 0
        return addresses.contains(address)
    }
}
