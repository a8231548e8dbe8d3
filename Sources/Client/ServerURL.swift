internal import Bytes

/// The value of `MILLRACE_URL`: `http://host[:port][/prefix]`, or `unix:/path` for a unix socket.
package struct ServerURL: Sendable, Hashable, CustomStringConvertible {
    package let address: ServerAddress
    /// The value of the Host header.
    package let authority: String
    /// The prefix of all paths: empty, or a path that begins with `/` and does not end with it.
    package let prefix: String

    package init(_ text: String) throws(ClientError) {
        if text.hasPrefix("unix:"), let address = ServerAddress(text) {
            self.address = address
            authority = address.authority
            prefix = ""
            return
        }
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .invalidURL(text, reason: "it does not begin with http://") }
        guard parts[0].lowercased() == "http" else {
            throw .invalidURL(text, reason: "only http:// is supported")
        }
        guard !parts[1].contains("?"), !parts[1].contains("#") else {
            throw .invalidURL(text, reason: "it has a query or a fragment")
        }
        let slash = parts[1].firstIndex(of: "/") ?? parts[1].endIndex
        let authority = parts[1][..<slash]
        guard let (host, port) = ServerAddress.split(authority) else {
            throw .invalidURL(text, reason: "http:// must be followed by host or host:port")
        }
        var prefix = parts[1][slash...]
        while prefix.hasSuffix("/") { prefix.removeLast() }
        guard prefix.utf8.allSatisfy(\.isVisible) else {
            throw .invalidURL(text, reason: "its path contains characters that must be percent-encoded")
        }
        address = .tcp(host: host, port: port ?? 80)
        self.authority = String(authority)
        self.prefix = String(prefix)
    }

    package var description: String {
        switch address {
        case .tcp: "http://\(authority)\(prefix)"
        case .unix: address.description
        }
    }
}
