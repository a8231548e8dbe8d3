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

    /// `keepalive…`: which connections stay open without a request.
    struct Keepalive: Sendable {
        /// Of each loop.
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
        /// What the names among the servers stood for when they were last looked up.
        var resolved: [String: [SocketAddress]] = [:]
        /// By address.
        var overrides: [String: PeerOverride] = [:]
    }

    private let contents: Mutex<Contents>

    /// Requests that wait until any node is usable.
    let strandedCount = Atomic<Int>(0)

    /// The balancer's own, for an upstream without `queue`.
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

    /// New settings of a reload; the members follow with ``update()``.
    func take(_ settings: Upstream) {
        let changed = contents.withLock { contents in
            defer {
                contents.settings = settings
                contents.keepalive = Keepalive(settings)
            }
            return contents.settings.method != settings.method
        }
        group.setQueueLimit(settings.queue?.limit ?? queueLimit)
        group.setOutlierDetection(settings.outliers.map { OutlierDetection($0) })
        if changed { group.strategy = Self.strategy(settings) }
    }

    var keepalive: Keepalive { contents.withLock { $0.keepalive } }

    /// How long a request may wait (`queue`); nil: as long as the balancer lets it.
    var queueTimeout: Duration? { contents.withLock { $0.settings.queue?.timeout } }

    /// What an upstream with `queue` lets wait while no node is usable; nil: nothing waits for that.
    var strandedLimits: UpstreamQueue? { contents.withLock { $0.settings.queue } }

    /// The host names among the servers, which have to be looked up.
    var lookups: Set<NameLookup> {
        contents.withLock { contents in
            let settings = contents.settings
            let found = settings.servers.compactMap { server -> NameLookup? in
                guard case .inet(let host, let port) = server.endpoint,
                    SocketAddress(numeric: host, port: port) == nil
                else { return nil }
                return NameLookup(
                    host: host, resolver: server.isResolvedLater ? settings.resolver : nil,
                    timeout: settings.resolverTimeout ?? .seconds(30))
            }
            return Set(found)
        }
    }

    /// What a name stands for now; the members follow with ``update()``.
    func resolved(_ host: String, as addresses: [SocketAddress]) {
        contents.withLock { $0.resolved[host] = addresses }
    }

    /// Brings the group's members up to date.
    /// - Returns: nil when nothing changed
    func update() -> MembershipChange? {
        let wanted = specifications().applying(overrides)
        return wanted == group.peers ? nil : group.replacePeers(with: wanted)
    }

    var overrides: [String: PeerOverride] { contents.withLock { $0.overrides } }

    /// The members follow with ``update()``. nil: as the configuration says.
    func setOverride(_ value: PeerOverride?, of address: String) {
        contents.withLock { $0.overrides[address] = value }
    }

    /// Whether the configuration has the peer.
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
