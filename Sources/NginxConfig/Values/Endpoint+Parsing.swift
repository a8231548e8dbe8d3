extension Endpoint {
    /// Why an address is invalid, in nginx's wording.
    struct AddressError: Error {
        let reason: String

        static let port = AddressError(reason: "invalid port")
        static let noHost = AddressError(reason: "no host")
        static let host = AddressError(reason: "invalid host")
    }

    /// Parses `unix:/path`, `host`, `host:port` or `[::1]:port`, and for a listener also `*:port` or a port alone
    /// (`ngx_parse_url`).
    /// - Parameter defaultPort: nil if the port is required
    init(_ text: String, defaultPort: UInt16?, isListener: Bool = false) throws(AddressError) {
        if let path = text.dropping(prefix: "unix:") {
            if path.isEmpty { throw AddressError(reason: "no path in the unix domain socket") }
            // sun_path has 108 bytes, one of them for the final zero.
            if path.utf8.count > 107 { throw AddressError(reason: "too long path in the unix domain socket") }
            self = .unix(path: path)
            return
        }
        var host = text[...]
        var port: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw .host }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            if !rest.isEmpty {
                guard rest.hasPrefix(":") else { throw .port }
                port = rest.dropFirst()
            }
            guard host.contains(":"), IPAddress.bytes(String(host)) != nil else {
                throw AddressError(reason: "invalid IPv6 address")
            }
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        } else if isListener, Values.number(text) != nil, !text.isEmpty {
            host = "*"
            port = text[...]
        }
        if host.isEmpty { throw .noHost }
        if host == "*" {
            guard isListener else { throw .host }
            host = "0.0.0.0"
        }
        if host.contains("/") || host.contains("$") { throw .host }
        if let port {
            guard let number = Values.number(String(port)), (1...65535).contains(number) else { throw .port }
            self = .inet(host: host.lowercased(), port: UInt16(number))
        } else if let defaultPort {
            self = .inet(host: host.lowercased(), port: defaultPort)
        } else {
            throw AddressError(reason: "no port")
        }
    }
}
