/// A socket address as configured; a host that is not an IP literal is for the caller to resolve.
package enum Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// IPv6 literals without brackets. A listener on every address has `0.0.0.0` or `::`.
    case inet(host: String, port: UInt16)
    case unix(path: String)

    /// The form nginx writes it in: `127.0.0.1:80`, `[::1]:80`, `unix:/path`.
    package var description: String {
        switch self {
        case .inet(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
