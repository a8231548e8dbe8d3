/// The value of `MILLRACE_URL`: `http://host[:port][/prefix]`, or `unix:/path` for a server on a unix socket.
package struct ServerURL: Sendable, Hashable, CustomStringConvertible {
    package let endpoint: Endpoint
    /// The value of the Host header.
    package let authority: String
    /// What comes before every path of the API: empty, or `/` and more without a slash at its end.
    package let prefix: String

    package init(_ text: String) throws(ClientError) {
        if text.hasPrefix("unix:"), let endpoint = Endpoint(text) {
            self.endpoint = endpoint
            authority = endpoint.authority
            prefix = ""
            return
        }
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .invalidURL(text, reason: "it does not begin with http://") }
        guard parts[0].lowercased() == "http" else {
            throw .invalidURL(text, reason: "only http:// is supported")
        }
        guard !parts[1].contains("?"), !parts[1].contains("#") else {
            throw .invalidURL(text, reason: "it has a query or fragment")
        }
        let slash = parts[1].firstIndex(of: "/") ?? parts[1].endIndex
        let authority = parts[1][..<slash]
        guard let (host, port) = Endpoint.split(authority) else {
            throw .invalidURL(text, reason: "after http:// it needs host or host:port")
        }
        var prefix = parts[1][slash...]
        while prefix.hasSuffix("/") { prefix.removeLast() }
        guard prefix.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .invalidURL(text, reason: "its path holds a blank or other bytes that must be percent-encoded")
        }
        endpoint = .tcp(host: host, port: port ?? 80)
        self.authority = String(authority)
        self.prefix = String(prefix)
    }

    package var description: String {
        switch endpoint {
        case .tcp: "http://\(authority)\(prefix)"
        case .unix: endpoint.description
        }
    }
}
