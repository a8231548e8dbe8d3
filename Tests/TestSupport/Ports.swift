internal import Client
internal import Reactor

private func loopback(_ port: UInt16) -> SocketAddress { .ipv4(0x7f00_0001, port: port) }

/// A TCP port of 127.0.0.1 that nobody listens on.
///
/// It is drawn from below the range that the kernel gives to outgoing connections: hardly anybody takes it between this
/// call and its use.
package func freePort() -> UInt16 {
    while true {
        let candidate = UInt16.random(in: 12_000..<32_000)
        guard let listener = try? Listener.listen(on: loopback(candidate)) else { continue }
        listener.close()
        return candidate
    }
}

/// A port of 127.0.0.1 that somebody listens on, as long as this object lives.
package final class OccupiedPort: Sendable {
    private let listener: Listener

    package init(_ port: UInt16) throws { listener = try Listener.listen(on: loopback(port)) }

    deinit { listener.close() }

    package var descriptor: CInt { listener.descriptor }
}

/// Whether somebody takes connections on a port of 127.0.0.1.
package func isListening(_ port: UInt16) -> Bool {
    let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: .seconds(5))
    defer { connection.close() }
    return (try? connection.connect()) != nil
}
