internal import Balancing
internal import NginxConfig
internal import Reactor
internal import Synchronization

/// An `upstream` block at run time: its group of peers, shared by all loops and kept over reloads.
final class SharedUpstream: Sendable {
    let name: String
    /// Where loops keep what is theirs of it.
    let index: Int
    let group: PeerGroup

    private struct Contents {
        var settings: Upstream
        /// What the names among the servers stood for when they were last looked up.
        var resolved: [String: [SocketAddress]] = [:]
    }

    private let contents: Mutex<Contents>

    init(_ settings: Upstream, index: Int, loops: Int, queueLimit: Int, strategy: BalancingStrategy?) {
        name = settings.name
        self.index = index
        contents = Mutex(Contents(settings: settings))
        group = PeerGroup(
            name: settings.name, peers: [], strategy: strategy ?? Self.strategy(settings), loops: loops,
            queueLimit: queueLimit)
        _ = group.replacePeers(with: specifications())
    }

    private static func strategy(_ settings: Upstream) -> BalancingStrategy {
        switch settings.method {
        case .roundRobin: .roundRobin
        case .leastConnections: .leastConnections
        }
    }

    /// New settings of a reload; the members follow with ``update()``.
    func take(_ settings: Upstream) {
        let changed = contents.withLock { contents in
            defer { contents.settings = settings }
            return contents.settings.method != settings.method
        }
        if changed { group.strategy = Self.strategy(settings) }
    }

    /// `keepalive`.
    var keptConnections: Int { contents.withLock { $0.settings.keepalive ?? 0 } }

    /// The host names among the servers, which have to be looked up.
    var names: [String] {
        contents.withLock { contents in
            contents.settings.servers.compactMap { server in
                guard case .inet(let host, let port) = server.endpoint,
                    SocketAddress(numeric: host, port: port) == nil
                else { return nil }
                return host
            }
        }
    }

    /// What a name stands for now; the members follow with ``update()``.
    func resolved(_ host: String, as addresses: [SocketAddress]) {
        contents.withLock { $0.resolved[host] = addresses }
    }

    /// Brings the group's members up to date.
    /// - Returns: nil when nothing changed
    func update() -> MembershipChange? {
        let wanted = specifications()
        return wanted == group.peers ? nil : group.replacePeers(with: wanted)
    }

    private func specifications() -> [PeerSpecification] {
        contents.withLock { contents in
            contents.settings.servers.flatMap { server -> [PeerSpecification] in
                let addresses: [SocketAddress]
                switch server.endpoint {
                case .unix(let path): addresses = [.unix(path)]
                case .inet(let host, let port):
                    if let address = SocketAddress(numeric: host, port: port) {
                        addresses = [address]
                    } else {
                        addresses = (contents.resolved[host] ?? []).map { address in
                            var address = address
                            address.port = port
                            return address
                        }
                    }
                }
                return addresses.map { address in
                    PeerSpecification(
                        address: address.description, weight: server.weight, maxFails: server.maxFails,
                        failTimeout: server.failTimeout.wholeMilliseconds, maxConns: server.maxConnections,
                        isBackup: server.isBackup, isDown: server.isDown)
                }
            }
        }
    }
}
