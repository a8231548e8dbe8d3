internal import CLinux
internal import Glibc
internal import Reactor

/// What an accepted socket must be for libfcgi.
enum ConnectionSocket {
    /// Blocking, but no read or write for ever; and a host that is gone is noticed.
    static func prepare(_ descriptor: CInt, _ peer: SocketAddress) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        var limit = timeval(tv_sec: Int(Limits.inputOutput.components.seconds), tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        if case .unix = peer { return }
        var on: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, socklen_t(MemoryLayout<CInt>.size))
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
    }
}

/// The web servers that may connect, from `FCGI_WEB_SERVER_ADDRS` (FastCGI 1.0, section 3.2). Without it all may.
struct AllowedPeers: Sendable {
    private let addresses: Set<SocketAddress>?

    init(_ addresses: [SocketAddress]?) { self.addresses = addresses.map { Set($0) } }

    func contains(_ peer: SocketAddress) -> Bool {
        guard let addresses else { return true }
        var bare = peer
        bare.port = 0
        if case .unix = peer { return true }
        return addresses.contains(bare)
    }
}
