internal import Bytes

/// A socket address as written in the configuration. The caller must resolve a host name.
package enum Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// An IPv6 address has no brackets. A listener on all addresses has `0.0.0.0` or `::`.
    case inet(host: String, port: UInt16)
    case unix(path: String)

    /// As nginx writes it: `127.0.0.1:80`, `[::1]:80`, `unix:/path`.
    package var description: String {
        switch self {
        case .inet(let host, let port): host.utf8.contains(ASCII.colon) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
