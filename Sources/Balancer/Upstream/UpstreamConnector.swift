internal import Reactor

/// How to connect to peers: over which transport, and with which protocol.
struct UpstreamConnector {
    struct Connected {
        let transport: any Transport
        /// Whether the connection is established. If not, ``Transport/pendingError`` has the outcome as soon as the
        /// loop reports that the descriptor is writable.
        let isConnected: Bool
    }

    /// How the error log writes the address of a peer: `fastcgi` for `fastcgi://127.0.0.1:9000`.
    let scheme: StaticString
    let connect: (SocketAddress) throws(SystemError) -> Connected
    let makeProtocol: () -> any UpstreamProtocol

    /// FastCGI over plain sockets.
    static var fastCGI: UpstreamConnector {
        UpstreamConnector(
            scheme: "fastcgi",
            connect: { address throws(SystemError) in
                let (socket, state) = try Socket.connect(to: address)
                // A peer may take a minute to answer. TCP keepalive detects a dead host sooner.
                if case .unix = address {} else { socket.detectDeadHost() }
                return Connected(transport: socket, isConnected: state == .connected)
            }, makeProtocol: { FastCGIProtocol() })
    }
}
