internal import Balancing
internal import NginxConfig
internal import Reactor

/// `client_max_connections`: a limit on the connections of one client, idle ones included.
enum ClientPlaces {
    /// What a client is counted by: an IPv4 address, or the /64 of an IPv6 one, which is one household's or one machine's.
    /// - Returns: Empty: it is not counted.
    static func key(of address: SocketAddress) -> [UInt8] {
        switch address {
        case .unix: return []
        case .ipv4: return address.binary
        case .ipv6:
            let bytes = address.binary
            // An IPv4 client of an IPv6 socket.
            if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF { return Array(bytes[12...]) }
            return Array(bytes[..<8])
        }
    }
}

extension ListenerSocket {
    /// Counts a client's new connection. Those who speak for many clients (`set_real_ip_from`) are not counted.
    /// - Returns: nil: it has as many as it may. Else what to give back when the connection ends; empty: nothing.
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
