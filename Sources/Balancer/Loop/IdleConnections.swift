internal import Balancing
internal import NginxConfig
internal import Reactor

/// What a loop does when it has nearly as many connections as it may: nginx's `ngx_drain_connections`.
extension BalancerLoop {
    /// So many are given up at a time, at most.
    private static let mostGivenUp = 32

    /// Before a connection is accepted. When less than a sixteenth of `worker_connections` is left, idle connections are
    /// given up, the longest idle first.
    /// - Returns: whether there is room for one more
    func makeRoom() -> Bool {
        let most = configuration.maximumConnections
        if most - connectionCount <= most / 16, giveUpIdle() > 0 {
            logReuse("\(most) worker_connections are not enough")
        }
        return connectionCount < most
    }

    /// Once a second.
    func logReuse(_ reason: String) {
        guard lastReuse != events.wallTime.seconds else { return }
        lastReuse = events.wallTime.seconds
        configuration.errorLog.log(.warn, "\(reason), reusing connections")
    }

    /// Closes connections that wait for a request, or for the end of a client that has its response.
    /// - Returns: how many
    @discardableResult
    func giveUpIdle() -> Int {
        // The longest idle ones, in order.
        var oldest: [ClientConnection] = []
        var idle = 0
        forEachConnection { connection in
            guard connection.isIdle else { return }
            idle += 1
            if oldest.count == Self.mostGivenUp {
                guard connection.idleSince < oldest[oldest.count - 1].idleSince else { return }
                oldest.removeLast()
            }
            let place = oldest.lastIndex { $0.idleSince <= connection.idleSince }.map { $0 + 1 } ?? 0
            oldest.insert(connection, at: place)
        }
        let count = min(idle, max(1, min(Self.mostGivenUp, idle / 8)))
        for connection in oldest.prefix(count) { connection.close() }
        return count
    }
}

/// `client_max_connections`: a cap on the connections of one client, idle ones included.
enum ClientPlaces {
    /// What a client is counted by: an IPv4 address, or the /64 of an IPv6 one, which is one household's or one machine's.
    /// - Returns: empty: it is not counted
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
    /// - Returns: nil: it has as many as it may. Else what is to be left when the connection ends; empty: nothing
    func takePlace(for address: SocketAddress) -> [UInt8]? {
        let location: RunningLocation = defaultLocation
        let most = location.settings.client.maxConnections
        guard most > 0, !location.settings.realIP.trustedProxies.contain(address) else { return [] }
        let key = ClientPlaces.key(of: address)
        if key.isEmpty || loop.shared.clientConnections.enter(key, limit: most) { return key }
        LoopCounters.add(loop.counters.clientsLimited)
        configuration.errorLog.log(.info, "limiting connections of a client to \(most), client: \(address.host)")
        return nil
    }
}
