internal import Reactor

/// A port of 127.0.0.1 that nobody listens on.
enum FreePort {
    static func find() throws -> UInt16 {
        let listener = try ListeningSocket.listen(on: .ipv4(0x7f00_0001, port: 0))
        defer { listener.close() }
        guard let port = listener.localAddress?.port else { throw BenchError("no free port on 127.0.0.1") }
        return port
    }
}
