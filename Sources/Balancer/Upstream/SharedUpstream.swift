internal import Balancing
internal import NginxConfig
internal import Reactor
internal import Synchronization

/// An `upstream` block in use: its settings and its group of peers. All loops share it, and it is kept over reloads.
final class SharedUpstream: Sendable {
    let name: String
    /// Position of the upstream's ``LoopUpstream`` in each loop.
    let index: Int
    let group: PeerGroup

    /// The `keepalive` directives: how many idle connections stay open, and for how long.
    struct Keepalive: Sendable {
        /// The maximum number of idle connections per loop.
        let count: Int
        let requests: Int
        let time: Duration
        let timeout: Duration

        init(_ settings: Upstream) {
            count = settings.keepalive ?? 0
            requests = settings.keepaliveRequests
            time = settings.keepaliveTime
            timeout = settings.keepaliveTimeout
        }
    }

    private struct Contents {
        var settings: Upstream
        var keepalive: Keepalive
        /// The addresses of the last successful lookup, by host name.
        var resolved: [String: [SocketAddress]] = [:]
        /// The overrides that `/lb/peers` has set, by address.
        var overrides: [String: PeerOverride] = [:]
    }

    private let contents: Mutex<Contents>

    /// Number of requests that wait for a healthy peer, over all loops.
    let waitingCount = Atomic<Int>(0)

    /// How many requests may wait if the upstream has no `queue` directive.
    private let queueLimit: Int

    init(_ settings: Upstream, index: Int, loops: Int, queueLimit: Int, strategy: BalancingStrategy?) {
        name = settings.name
        self.index = index
        self.queueLimit = queueLimit
        contents = Mutex(Contents(settings: settings, keepalive: Keepalive(settings)))
        group = PeerGroup(
            name: settings.name, peers: [], strategy: strategy ?? Self.strategy(settings), loops: loops,
            queueLimit: settings.queue?.limit ?? queueLimit)
        group.setOutlierDetection(settings.outliers.map { OutlierDetection($0) })
        _ = group.replacePeers(with: specifications())
    }

    private static func strategy(_ settings: Upstream) -> BalancingStrategy {
        switch settings.method {
        case .roundRobin: .roundRobin
        case .leastConnections: .leastConnections
        case .leastTimeToHead: .leastTimeToHead
        case .leastTimeToEnd: .leastTimeToEnd
        case .random: .random
        case .randomTwo: .randomTwo
        case .addressHash: .addressHash
        case .hash: .hash
        case .consistentHash: .consistentHash
        }
    }

    /// Applies the settings of a reload, except the servers: ``update()`` changes the members.
    func apply(_ settings: Upstream) {
        let isMethodChanged = contents.withLock { contents in
            defer {
                contents.settings = settings
                contents.keepalive = Keepalive(settings)
            }
            return contents.settings.method != settings.method
        }
        group.setQueueLimit(settings.queue?.limit ?? queueLimit)
        group.setOutlierDetection(settings.outliers.map { OutlierDetection($0) })
        if isMethodChanged { group.strategy = Self.strategy(settings) }
    }

    var keepalive: Keepalive { contents.withLock { $0.keepalive } }

    /// How long a request may wait for a connection (`queue`). nil: the upstream sets no limit of its own, and
    /// ``SharedState/queueTimeout`` applies.
    var queueTimeout: Duration? { contents.withLock { $0.settings.queue?.timeout } }

    /// How many requests may wait for a healthy peer, and how long (`queue`). nil: no request waits for a healthy peer.
    var waitLimits: UpstreamQueue? { contents.withLock { $0.settings.queue } }

    /// The host names among the servers.
    var lookups: Set<NameLookup> {
        contents.withLock { contents in
            let settings = contents.settings
            let found = settings.servers.compactMap { server -> NameLookup? in
                guard case .inet(let host, let port) = server.endpoint,
                    SocketAddress(numeric: host, port: port) == nil
                else { return nil }
                return NameLookup(
                    host: host, resolver: server.isResolvedAtRuntime ? settings.resolver : nil,
                    timeout: settings.resolverTimeout ?? .seconds(30))
            }
            return Set(found)
        }
    }

    /// Sets the addresses of a server's host name. ``update()`` then changes the members.
    func setAddresses(_ addresses: [SocketAddress], of host: String) {
        contents.withLock { $0.resolved[host] = addresses }
    }

    /// Sets the group's members according to the settings, the resolved names and the overrides.
    /// - Returns: nil if nothing changed
    func update() -> MembershipChange? {
        let wanted = specifications().applying(overrides)
        return wanted == group.peers ? nil : group.replacePeers(with: wanted)
    }

    var overrides: [String: PeerOverride] { contents.withLock { $0.overrides } }

    /// Sets the override of an address; nil removes the override. ``update()`` then changes the members.
    func setOverride(_ value: PeerOverride?, of address: String) {
        contents.withLock { $0.overrides[address] = value }
    }

    /// Whether the peer comes from the configuration, not from `/lb/peers`.
    func isConfigured(_ address: String) -> Bool { specifications().contains { $0.address == address } }

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
                        address: address.description, server: server.text, weight: server.weight,
                        maxFails: server.maxFails, failTimeout: server.failTimeout.wholeMilliseconds,
                        slowStart: server.slowStart.wholeMilliseconds, maxConns: server.maxConnections,
                        isBackup: server.isBackup, isDown: server.isDown)
                }
            }
        }
    }
}

extension OutlierDetection {
    init(_ settings: OutlierDetectionSettings) {
        self.init()
        consecutiveErrors = settings.consecutiveErrors
        errorPercent = settings.errorPercent
        latencyHundredths = settings.latencyHundredths
        requestVolume = settings.requestVolume
        interval = settings.interval.wholeMilliseconds
        baseEjectionTime = settings.baseEjectionTime.wholeMilliseconds
        maxEjectionTime = settings.maxEjectionTime.wholeMilliseconds
        maxEjectionPercent = settings.maxEjectionPercent
    }
}
