package import Client
internal import Reactor

/// A port of 127.0.0.1 that this process listens on until this object is released.
package final class OccupiedPort: Sendable {
    package let port: UInt16
    private let listener: ListeningSocket

    /// Picks a port below the range that the kernel uses for outgoing connections. Another program is therefore
    /// unlikely to get the port between the release of this object and the use of the port.
    package init() {
        while true {
            let candidate = UInt16.random(in: 12_000..<32_000)
            guard let listener = try? ListeningSocket.listen(on: .ipv4(0x7f00_0001, port: candidate)) else { continue }
            port = candidate
            self.listener = listener
            return
        }
    }

    deinit { listener.close() }

    package var descriptor: CInt { listener.descriptor }
}

/// A TCP port of 127.0.0.1 that no process listens on.
package func freePort() -> UInt16 { OccupiedPort().port }

/// Whether a process accepts connections on a port of 127.0.0.1.
package func isListening(_ port: UInt16) -> Bool { isListening(.tcp(host: "127.0.0.1", port: port)) }

/// Whether a process accepts connections at an address.
package func isListening(_ endpoint: ServerAddress) -> Bool {
    let connection = HTTPConnection(to: endpoint, timeout: .seconds(5))
    defer { connection.close() }
    return (try? connection.connect()) != nil
}
