internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// `set_real_ip_from`, `real_ip_header` and `real_ip_recursive`: the client's address as a trusted proxy tells it.
enum RealClient {
    /// nil: the connection's own address is the client's.
    static func address(of exchange: Exchange) -> SocketAddress? {
        let settings = exchange.location.settings
        guard !settings.trustedSources.isEmpty, isTrusted(exchange.info.address, settings.trustedSources) else {
            return nil
        }
        let name =
            switch settings.realIPHeader {
            case .xForwardedFor: "x-forwarded-for"
            case .named(let name): name
            }
        let bytes = exchange.headBytes
        let fields = exchange.parser.head.fields
        guard let field = fields.first(named: name, in: bytes.span) else { return nil }
        var value: [UInt8] = []
        exchange.append(field, of: fields, bytes, to: &value)
        return address(
            in: value, from: exchange.info.address, trusting: settings.trustedSources,
            isRecursive: settings.isRealIPRecursive)
    }

    /// The last address of a list, as every proxy adds to its end the one it was called from; if recursive, the last
    /// one that is no trusted proxy itself (`ngx_http_get_forwarded_addr`). What stands before something that is no
    /// address is nobody's word.
    static func address(
        in list: [UInt8], from peer: SocketAddress, trusting sources: [TrustedSource], isRecursive: Bool
    ) -> SocketAddress? {
        var found: SocketAddress?
        var rest = list[...]
        while isTrusted(found ?? peer, sources), let end = rest.lastIndex(where: { !isSeparator($0) }) {
            rest = rest[...end]
            let start = rest.lastIndex(where: isSeparator).map { $0 + 1 } ?? rest.startIndex
            guard let address = parse(String(decoding: rest[start...], as: UTF8.self)) else { break }
            found = address
            guard isRecursive else { break }
            rest = rest[..<start]
        }
        return found
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x2C || byte == 0x09 }

    /// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
    static func parse(_ text: String) -> SocketAddress? {
        if let address = SocketAddress(numeric: text, port: 0) { return address }
        if text.hasPrefix("["), text.hasSuffix("]") {
            return SocketAddress(numeric: String(text.dropFirst().dropLast()), port: 0)
        }
        guard !text.hasPrefix("unix:") else { return nil }
        return SocketAddress(text)
    }

    static func isTrusted(_ address: SocketAddress, _ sources: [TrustedSource]) -> Bool {
        sources.contains { source in
            switch (source, address) {
            case (.unix, .unix): true
            case (.unix, _), (_, .unix): false
            case (.network(let network, let bits), _): matches(address.binary, network, bits)
            }
        }
    }

    private static func matches(_ address: [UInt8], _ network: [UInt8], _ bits: Int) -> Bool {
        var address = address
        // An IPv4 client of an IPv6 socket.
        if network.count == 4, address.count == 16, address[..<10].allSatisfy({ $0 == 0 }), address[10] == 0xFF,
            address[11] == 0xFF
        {
            address = Array(address[12...])
        }
        guard address.count == network.count else { return false }
        for index in 0..<(bits / 8) where address[index] != network[index] { return false }
        guard bits % 8 > 0 else { return true }
        let mask = ~UInt8(0) << UInt8(8 - bits % 8)
        return address[bits / 8] & mask == network[bits / 8] & mask
    }
}
