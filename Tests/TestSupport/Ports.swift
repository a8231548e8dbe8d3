internal import Client
internal import Reactor

/// A port of 127.0.0.1 that this process listens on, as long as this object lives.
package final class OccupiedPort: Sendable {
    package let port: UInt16
    private let listener: ListeningSocket

    /// It is drawn from below the range that the kernel gives to outgoing connections: hardly anybody takes it in the
    /// moment between the end of this object and the port's use.
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

/// A TCP port of 127.0.0.1 that nobody listens on.
package func freePort() -> UInt16 { OccupiedPort().port }

/// Whether somebody takes connections on a port of 127.0.0.1.
package func isListening(_ port: UInt16) -> Bool {
    let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: .seconds(5))
    defer { connection.close() }
    return (try? connection.connect()) != nil
}
