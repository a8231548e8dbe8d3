internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// `listen … proxy_protocol`: before the first request, a load balancer in front of this one sends the client's
/// address.
extension HTTP1Connection {
    /// - Returns: false if more bytes are needed, or if the connection is closed.
    func takeProxyHeader() -> Bool {
        guard let input else { return false }
        do throws(ProxyProtocol.Malformed) {
            let parsed = try input.withSpan { bytes throws(ProxyProtocol.Malformed) in try ProxyProtocol.parse(bytes) }
            guard let parsed else { return false }
            if let source = parsed.header.source, let destination = parsed.header.destination {
                guard let source = SocketAddress(source), let destination = SocketAddress(destination) else {
                    throw ProxyProtocol.Malformed()
                }
                info.proxied = ProxiedConnection(source: source, destination: destination)
            }
            input.consume(parsed.length)
        } catch {
            listener.defaultLocation.errorLog.log(
                .error, "broken header while reading PROXY protocol, client: \(info.address.host)")
            close()
            return false
        }
        machine.proxyHeaderTaken()
        guard takePlace(for: client) else {
            close()
            return false
        }
        return !input.isEmpty
    }

    /// The client's address: if the sender of the header is trusted, the address in the header, else the connection's
    /// own.
    private var client: SocketAddress {
        let settings = listener.defaultLocation.settings
        guard settings.realIP.header == .proxyProtocol, settings.realIP.trustedProxies.contain(info.address) else {
            return info.address
        }
        return info.proxied?.source ?? info.address
    }
}

extension SocketAddress {
    fileprivate init?(_ place: ProxyProtocol.Endpoint) {
        switch place.address {
        case .text(let text): self.init(numeric: text, port: place.port)
        case .binary(let bytes): self.init(binary: bytes, port: place.port)
        }
    }

    /// - Parameter bytes: 4 or 16 bytes in network order
    init?(binary bytes: [UInt8], port: UInt16) {
        switch bytes.count {
        case 4: self = .ipv4(bytes.reduce(0) { $0 << 8 | UInt32($1) }, port: port)
        case 16:
            let high = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let low = bytes[8...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            self = .ipv6(high, low, port: port)
        default: return nil
        }
    }
}
