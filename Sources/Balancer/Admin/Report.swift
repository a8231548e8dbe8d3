internal import Balancing
internal import JSON
internal import NginxConfig
internal import Reactor
internal import Synchronization

/// The replies of the `/lb/` calls that show the balancer's state. The counts are sums over all loops.
struct Report {
    private let shared: SharedState
    private let now: Milliseconds
    private let configuration: RunningConfiguration

    init(_ loop: BalancerLoop) {
        shared = loop.shared
        now = loop.milliseconds
        configuration = loop.shared.configuration ?? loop.configuration
    }

    func sum(_ counter: (LoopCounters) -> Int) -> Int { shared.counters.reduce(0) { $0 + counter($1) } }

    var groups: [(name: String, statistics: GroupStatistics)] {
        configuration.upstreams.map { ($0.name, $0.group.statistics(now: now)) }
    }

    /// Number of healthy peers of all upstreams.
    var backendsUp: Int {
        groups.reduce(0) { $0 + $1.statistics.peers.count { $0.isHealthy && !$0.isDraining } }
    }

    /// The first `limit_req` of the configuration, and its key. The rate-limit calls show only this one.
    private var first: (limit: RequestLimit, key: Template)? {
        for server in configuration.servers {
            for location in server.locations {
                if let limit = location.limiter?.limits.first, let key = location.limitKeys.first {
                    return (limit, key)
                }
            }
        }
        return nil
    }

    func health() -> JSONWriter {
        let up = backendsUp
        return .object { reply in
            reply.member("status", up > 0 ? "healthy" : "unhealthy")
            reply.member("service", "loadbalancer")
            reply.member("backends_up", up)
        }
    }

    func stats() -> JSONWriter {
        let limit = first?.limit
        return .object { reply in
            reply.member("strategy", shared.strategy.rawValue)
            reply.member(
                "uptime_seconds", Double((MonotonicTime.current - shared.startedAt).wholeMilliseconds) / 1000)
            reply.member("requests_total", sum { $0.requests.load(ordering: .relaxed) })
            reply.member("rate_limited_total", sum { $0.rateLimited.load(ordering: .relaxed) })
            reply.member("active_ips", limit?.zone.activeClients(now: now) ?? 0)
            reply.object("rate_limit_config") { Self.write(limit, to: &$0) }
            reply.array("backends") { backends in
                for (_, statistics) in groups {
                    for peer in statistics.peers {
                        backends.object {
                            Self.write(
                                peer, waiting: statistics.waiting, detectsOutliers: statistics.detectsOutliers, to: &$0)
                        }
                    }
                }
            }
        }
    }

    private static func write(
        _ peer: PeerStatistics, waiting: Int, detectsOutliers: Bool, to backend: inout JSONWriter
    ) {
        backend.member("address", peer.specification.address)
        backend.member("healthy", peer.isHealthy)
        backend.member("active", peer.active)
        backend.member("idle", peer.idle)
        backend.member("waiting", waiting)
        backend.member("requests", peer.requests)
        backend.member("failures", peer.failures)
        backend.member("weight", peer.specification.weight)
        backend.member("max_conns", peer.specification.maxConns)
        writeHealth(peer, detectsOutliers: detectsOutliers, to: &backend)
    }

    /// Writes the members that exist only if the upstream has active checks or outlier detection.
    static func writeHealth(_ peer: PeerStatistics, detectsOutliers: Bool, to entry: inout JSONWriter) {
        if let health = peer.checkedHealth { entry.member("health_check", health.rawValue) }
        if detectsOutliers { entry.member("ejected", peer.isEjected) }
    }

    /// - Parameter maxClients: the maximum number of clients in the reply
    func rateLimits(maxClients: Int) -> JSONWriter {
        let limit = first?.limit
        let clients = limit.map { $0.zone.clients(burst: $0.burst, now: now, limit: maxClients) } ?? []
        let isAddress = first.map { self.isAddress($0.key) } ?? false
        return .object { reply in
            Self.write(limit, to: &reply)
            reply.array("clients") { list in
                for client in clients {
                    list.object { entry in
                        entry.member("client", Self.text(client.key, isAddress: isAddress))
                        entry.member("requests_in_window", client.budget.used)
                        entry.member("requests_remaining", client.budget.remaining)
                        entry.member("window_reset_in", client.budget.resetSeconds)
                    }
                }
            }
        }
    }

    /// Writes zeros if there is no limit.
    private static func write(_ limit: RequestLimit?, to reply: inout JSONWriter) {
        reply.member("requests_per_window", limit.map { $0.burst + 1 } ?? 0)
        reply.member("window_seconds", limit?.windowSeconds ?? 0)
    }

    /// Whether a key is `$binary_remote_addr`, or the variable of a `map` whose source is `$binary_remote_addr`. Such a
    /// `map` can turn an address into a network.
    private func isAddress(_ key: Template) -> Bool {
        guard key.parts.count == 1, case .variable(let variable) = key.parts[0] else { return false }
        switch variable {
        case .named(.binaryRemoteAddress): return true
        case .mapped(let index):
            return configuration.maps[index].source.parts == [.variable(.named(.binaryRemoteAddress))]
        default: return false
        }
    }

    /// The key as text. If `isAddress` is true, 4 or 16 bytes become an IP address, and 8 bytes become an IPv6 network.
    private static func text(_ key: [UInt8], isAddress: Bool) -> String {
        if isAddress, let address = SocketAddress(binary: key, port: 0) { return address.host }
        let isNetwork = isAddress && key.count == 8
        if isNetwork, let first = SocketAddress(binary: key + [UInt8](repeating: 0, count: 8), port: 0) {
            return first.host + "/64"
        }
        return String(decoding: key, as: UTF8.self)
    }
}
