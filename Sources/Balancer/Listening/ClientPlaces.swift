internal import Balancing
internal import NginxConfig
internal import Reactor

/// `client_max_connections`: a limit on the connections of one client, idle ones included.
enum ClientPlaces {
    /// The key under which a client is counted: its IPv4 address, or the /64 network of its IPv6 address. Such a
    /// network usually belongs to one household or machine.
    /// - Returns: an empty array if the client is not counted.
    static func key(of address: SocketAddress) -> [UInt8] {
        switch address {
        case .unix: return []
        case .ipv4: return address.binary
        case .ipv6:
            let bytes = address.binary
            // This is an IPv4 client of an IPv6 socket.
            if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF { return Array(bytes[12...]) }
            return Array(bytes[..<8])
        }
    }
}

extension ListenerSocket {
    /// Counts a client's new connection. Proxies that send the requests of many clients (`set_real_ip_from`) are not
    /// counted.
    /// - Returns: the key under which the connection is counted until it ends, or an empty array if it is not counted;
    ///   nil if the client already has the maximum number of connections.
    func takePlace(for address: SocketAddress) -> [UInt8]? {
        let location: RunningLocation = defaultLocation
        let limit = location.settings.client.maxConnections
        guard limit > 0, !location.settings.realIP.trustedProxies.contain(address) else { return [] }
        let key = ClientPlaces.key(of: address)
        if key.isEmpty || loop.shared.clientConnections.enter(key, limit: limit) { return key }
        LoopCounters.add(loop.counters.clientsLimited)
        configuration.errorLog.log(.info, "limiting connections of a client to \(limit), client: \(address.host)")
        return nil
    }
}
