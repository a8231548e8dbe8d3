internal import Reactor

/// Whether the value of a Host header names this machine and nothing else: `localhost` or a name under it (RFC 6761,
/// section 6.3), or a loopback address, with any port.
///
/// A page of a site whose name was made to point at 127.0.0.1 (DNS rebinding) comes from a loopback address and is its
/// own origin; its Host is still the site's name.
package enum LoopbackAuthority {
    package static func matches(_ authority: String) -> Bool {
        guard let host = host(of: authority.lowercased()) else { return false }
        if host == "localhost" || host.hasSuffix(".localhost") { return true }
        return SocketAddress(numeric: String(host), port: 0)?.isLoopback ?? false
    }

    /// Without the port and the brackets; `nil`: malformed.
    private static func host(of authority: String) -> Substring? {
        var host = authority[...]
        var port: Substring?
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return nil }
            port = host[host.index(after: end)...]
            host = host[..<end].dropFirst()
            guard host.contains(":") else { return nil }
        } else if let colon = host.firstIndex(of: ":") {
            port = host[colon...]
            host = host[..<colon]
        }
        guard let port, !port.isEmpty else { return host }
        return port.first == ":" && UInt16(port.dropFirst()) != nil ? host : nil
    }
}
