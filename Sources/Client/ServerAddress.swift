internal import Bytes

/// The address of a server: host and port, or a unix socket.
package enum ServerAddress: Sendable, Hashable {
    case tcp(host: String, port: UInt16)
    case unix(path: String)

    /// `host:port`, `[IPv6]:port` or `unix:/path`.
    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            self = .unix(path: String(text.dropFirst(5)))
            return
        }
        guard let (host, port) = Self.split(text), let port else { return nil }
        self = .tcp(host: host, port: port)
    }

    /// The value of the Host header.
    package var authority: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix: "localhost"
        }
    }

    /// `name`, `name:port`, `[address]` or `[address]:port`.
    static func split(_ text: some StringProtocol) -> (host: String, port: UInt16?)? {
        var host = text[...]
        var port: UInt16?
        if let bracket = text.firstIndex(of: "]") {
            guard text.hasPrefix("[") else { return nil }
            host = text[text.index(after: text.startIndex)..<bracket]
            let rest = text[text.index(after: bracket)...]
            if !rest.isEmpty {
                guard rest.hasPrefix(":"), let number = UInt16(rest.dropFirst()) else { return nil }
                port = number
            }
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            guard let number = UInt16(text[text.index(after: colon)...]) else { return nil }
            port = number
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0.isVisible && $0 != ASCII.at }) else { return nil }
        return (String(host), port)
    }
}

extension ServerAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tcp: authority
        case .unix(let path): "unix:\(path)"
        }
    }
}
