internal import Reactor

/// How connections to peers are made: by which transport, and for which protocol.
struct UpstreamConnector {
    struct Connected {
        let transport: any Transport
        /// false: the connection is being made. When the loop tells that it is writable, ``Transport/pendingError`` has the
        /// outcome.
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
                // A peer may take a minute to answer, but whether its host is there at all is known sooner.
                if case .unix = address {} else { socket.detectDeadHost() }
                return Connected(transport: socket, isConnected: state == .connected)
            }, makeProtocol: { FastCGIProtocol() })
    }
}
