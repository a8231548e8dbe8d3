/// An address to listen on, as users write it: `host:port`, `[IPv6]:port`, and `*:port` or `:port` for all addresses.
package struct HostPort: Sendable, Hashable, CustomStringConvertible {
    /// The host without brackets; empty for all addresses of the machine.
    package let host: String
    /// The port; 0 if the system should choose one.
    package let port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(where: { $0 == ":" || $0.isWhitespace }) {
            return nil
        }
        self.init(host: host == "*" ? "" : String(host), port: port)
    }

    package var description: String {
        (host.contains(":") ? "[\(host)]" : host.isEmpty ? "*" : host) + ":\(port)"
    }

    /// The socket addresses, at least one. If `host` is a name, it is looked up, which blocks.
    package func addresses() throws(ResolutionError) -> [SocketAddress] {
        if host.isEmpty { return [.ipv4(0, port: port)] }
        if let address = SocketAddress(numeric: host, port: port) { return [address] }
        return try SocketAddress.resolve(host: host, port: port)
    }
}
