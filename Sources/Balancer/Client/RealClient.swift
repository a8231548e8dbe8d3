internal import Bytes
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// `set_real_ip_from`, `real_ip_header` and `real_ip_recursive`: the client's address that a trusted proxy names.
enum RealClient {
    /// - Returns: nil if the connection's own address is the client's.
    static func address(of exchange: Exchange) -> SocketAddress? {
        let location: RunningLocation = exchange.location
        let sources = location.settings.realIP.trustedProxies
        guard !sources.isEmpty, sources.contain(exchange.info.address) else { return nil }
        let name: String
        switch location.settings.realIP.header {
        case .xForwardedFor: name = "x-forwarded-for"
        case .named(let header): name = header
        case .proxyProtocol: return exchange.info.proxied?.source
        }
        let bytes = exchange.request.bytes
        let fields = exchange.request.head.fields
        guard let field = fields.first(named: name, in: bytes.span) else { return nil }
        var value: [UInt8] = []
        fields.appendJoined(field, in: bytes, to: &value)
        return address(
            in: value, from: exchange.info.address, trusting: sources,
            isRecursive: location.settings.realIP.isRecursive)
    }

    /// The client's address in a list (`ngx_http_get_forwarded_addr`). It is the last address, because each proxy
    /// appends the address of its caller. If `isRecursive` is true, it is the last address that is not a trusted proxy.
    /// If an entry is not an address, this entry and those before it are ignored.
    static func address(
        in list: [UInt8], from peer: SocketAddress, trusting sources: [ClientNetwork], isRecursive: Bool
    ) -> SocketAddress? {
        var found: SocketAddress?
        var rest = list[...]
        while sources.contain(found ?? peer), let end = rest.lastIndex(where: { !isSeparator($0) }) {
            rest = rest[...end]
            let start = rest.lastIndex(where: isSeparator).map { $0 + 1 } ?? rest.startIndex
            guard let address = parse(String(decoding: rest[start...], as: UTF8.self)) else { break }
            found = address
            guard isRecursive else { break }
            rest = rest[..<start]
        }
        return found
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte.isBlank || byte == ASCII.comma }

    /// Parses `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`.
    static func parse(_ text: String) -> SocketAddress? {
        if let address = SocketAddress(numeric: text, port: 0) { return address }
        if text.hasPrefix("["), text.hasSuffix("]") {
            return SocketAddress(numeric: String(text.dropFirst().dropLast()), port: 0)
        }
        guard !text.hasPrefix("unix:") else { return nil }
        return SocketAddress(text)
    }
}
