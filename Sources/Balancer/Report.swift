internal import Balancing
internal import JSON
internal import Reactor
internal import Synchronization
internal import Telemetry

/// What the `/lb/` calls show of the balancer's state, gathered over all loops.
struct Report {
    private let shared: SharedState
    private let now: Milliseconds
    private let configuration: RunningConfiguration

    init(_ worker: WorkerLoop) {
        shared = worker.shared
        now = worker.milliseconds
        configuration = worker.shared.configuration ?? worker.configuration
    }

    private func sum(_ counter: (LoopCounters) -> Int) -> Int { shared.counters.reduce(0) { $0 + counter($1) } }

    private var groups: [(name: String, statistics: GroupStatistics)] {
        configuration.upstreams.map { ($0.name, $0.group.statistics(now: now)) }
    }

    var backendsUp: Int {
        groups.reduce(0) { $0 + $1.statistics.peers.count { $0.isHealthy && !$0.isDraining } }
    }

    /// The first limit of the configuration: what the rate-limit calls speak of.
    private var limit: RequestLimit? {
        for server in configuration.servers {
            for location in server.locations {
                if let limit = location.limiter?.limits.first { return limit }
            }
        }
        return nil
    }

    func stats() -> JSONValue {
        let limit = limit
        let backends = groups.flatMap { group in
            group.statistics.peers.map { peer -> JSONValue in
                [
                    "address": .string(peer.specification.address), "healthy": .bool(peer.isHealthy),
                    "active": .integer(Int64(peer.active)), "idle": .integer(Int64(peer.idle)),
                    "waiting": .integer(Int64(group.statistics.waiting)), "requests": .integer(Int64(peer.requests)),
                    "failures": .integer(Int64(peer.failures)),
                    "weight": .integer(Int64(peer.specification.weight)),
                    "max_conns": .integer(Int64(peer.specification.maxConns)),
                ]
            }
        }
        return [
            "strategy": .string(shared.strategy.rawValue),
            "uptime_seconds": .number(Double((MonotonicTime.current - shared.startedAt).wholeMilliseconds) / 1000),
            "requests_total": .integer(Int64(sum { $0.requests.load(ordering: .relaxed) })),
            "rate_limited_total": .integer(Int64(sum { $0.rateLimited.load(ordering: .relaxed) })),
            "active_ips": .integer(Int64(limit?.zone.activeClients(now: now) ?? 0)),
            "rate_limit_config": [
                "requests_per_window": .integer(Int64(limit.map { $0.burst + 1 } ?? 0)),
                "window_seconds": .integer(Int64(limit?.windowSeconds ?? 0)),
            ],
            "backends": .array(backends),
        ]
    }

    func rateLimits(most: Int) -> JSONValue {
        let limit = limit
        let clients = limit?.zone.clients(burst: limit!.burst, now: now, limit: most) ?? []
        return [
            "requests_per_window": .integer(Int64(limit.map { $0.burst + 1 } ?? 0)),
            "window_seconds": .integer(Int64(limit?.windowSeconds ?? 0)),
            "clients": .array(
                clients.map { client in
                    [
                        "client": .string(Self.text(client.key)),
                        "requests_in_window": .integer(Int64(client.budget.used)),
                        "requests_remaining": .integer(Int64(client.budget.remaining)),
                        "window_reset_in": .integer(Int64(client.budget.resetSeconds)),
                    ]
                }),
        ]
    }

    /// A key that is an address in binary (`$binary_remote_addr`) as one reads it.
    private static func text(_ key: [UInt8]) -> String {
        switch key.count {
        case 4: return SocketAddress.ipv4(key.reduce(0) { $0 << 8 | UInt32($1) }, port: 0).host
        case 16:
            let high = key[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let low = key[8...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return SocketAddress.ipv6(high, low, port: 0).host
        default: return String(decoding: key, as: UTF8.self)
        }
    }

    // MARK: Prometheus

    func metrics() -> [UInt8] {
        var text = ""
        func family(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: Int)]) {
            text += "# HELP millrace_lb_\(name) \(help)\n# TYPE millrace_lb_\(name) \(type)\n"
            for sample in samples { text += "millrace_lb_\(name)\(sample.labels) \(sample.value)\n" }
        }
        func total(_ name: String, _ help: String, _ counter: (LoopCounters) -> Int) {
            family(name, "counter", help, [("", sum(counter))])
        }
        total("requests_total", "Requests answered.") { $0.requests.load(ordering: .relaxed) }
        family(
            "responses_total", "counter", "Responses by class of status.",
            [
                ("{class=\"2xx\"}", sum { $0.successful.load(ordering: .relaxed) }),
                ("{class=\"3xx\"}", sum { $0.redirections.load(ordering: .relaxed) }),
                ("{class=\"4xx\"}", sum { $0.clientErrors.load(ordering: .relaxed) }),
                ("{class=\"5xx\"}", sum { $0.serverErrors.load(ordering: .relaxed) }),
            ])
        total("rate_limited_total", "Requests refused by the limiter.") { $0.rateLimited.load(ordering: .relaxed) }
        total("client_aborts_total", "Requests whose client went away.") { $0.clientAborts.load(ordering: .relaxed) }
        total("retries_total", "Requests given to another node.") { $0.retries.load(ordering: .relaxed) }
        total("queued_total", "Requests that waited for a place.") { $0.queued.load(ordering: .relaxed) }
        total("upstream_violations_total", "Node connections closed for breaking the protocol.") {
            $0.upstreamViolations.load(ordering: .relaxed)
        }
        total("connections_accepted_total", "Client connections accepted.") { $0.accepted.load(ordering: .relaxed) }
        family(
            "connections", "gauge", "Client connections open.",
            [("", sum { $0.connections.load(ordering: .relaxed) })])
        let groups = groups
        let peers = groups.flatMap { group in
            group.statistics.peers.map { peer in
                ("{upstream=\"\(group.name)\",backend=\"\(peer.specification.address)\"}", peer)
            }
        }
        family("backend_up", "gauge", "1: the node may be asked.", peers.map { ($0.0, $0.1.isHealthy ? 1 : 0) })
        family("backend_active", "gauge", "Requests under way at the node.", peers.map { ($0.0, $0.1.active) })
        family("backend_idle", "gauge", "Idle connections to the node.", peers.map { ($0.0, $0.1.idle) })
        family("backend_requests_total", "counter", "Requests given to the node.", peers.map { ($0.0, $0.1.requests) })
        family("backend_failures_total", "counter", "Failures of the node.", peers.map { ($0.0, $0.1.failures) })
        family(
            "waiting", "gauge", "Requests waiting for a place.",
            groups.map { ("{upstream=\"\($0.name)\"}", $0.statistics.waiting) })
        return Array(text.utf8) + Telemetry.prometheusText()
    }
}
