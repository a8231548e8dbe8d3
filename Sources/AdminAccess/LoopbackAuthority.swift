internal import Reactor

/// Recognizes a Host header that can only mean this machine: `localhost` or a name below it (RFC 6761, section 6.3), or
/// a loopback address, with any port.
///
/// This check stops DNS rebinding. If a site's name points to 127.0.0.1, requests of its pages come from a loopback
/// address and have a matching Origin, but their Host is still the site's name.
package enum LoopbackAuthority {
    package static func matches(_ authority: String) -> Bool {
        guard let host = host(of: authority.lowercased()) else { return false }
        if host == "localhost" || host.hasSuffix(".localhost") { return true }
        return SocketAddress(numeric: String(host), port: 0)?.isLoopback ?? false
    }

    /// The host without port and brackets; `nil` if the authority is malformed.
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
