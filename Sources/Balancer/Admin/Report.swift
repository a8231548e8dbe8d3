internal import Balancing
internal import JSON
internal import Reactor
internal import Synchronization
internal import Telemetry

/// The replies of the `/lb/` calls that show the balancer's state, summed over all loops.
struct Report {
    private let shared: SharedState
    private let now: Milliseconds
    private let configuration: RunningConfiguration

    init(_ loop: BalancerLoop) {
        shared = loop.shared
        now = loop.milliseconds
        configuration = loop.shared.configuration ?? loop.configuration
    }

    private func sum(_ counter: (LoopCounters) -> Int) -> Int { shared.counters.reduce(0) { $0 + counter($1) } }

    private var groups: [(name: String, statistics: GroupStatistics)] {
        configuration.upstreams.map { ($0.name, $0.group.statistics(now: now)) }
    }

    /// Number of healthy peers of all upstreams.
    var backendsUp: Int {
        groups.reduce(0) { $0 + $1.statistics.peers.count { $0.isHealthy && !$0.isDraining } }
    }

    /// The first `limit_req` of the configuration. The rate-limit calls show only this one.
    private var limit: RequestLimit? {
        for server in configuration.servers {
            for location in server.locations {
                if let limit = location.limiter?.limits.first { return limit }
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
        let limit = limit
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

    /// - Parameter most: the maximum number of clients in the reply
    func rateLimits(most: Int) -> JSONWriter {
        let limit = limit
        let clients = limit.map { $0.zone.clients(burst: $0.burst, now: now, limit: most) } ?? []
        return .object { reply in
            Self.write(limit, to: &reply)
            reply.array("clients") { list in
                for client in clients {
                    list.object { entry in
                        entry.member("client", Self.text(client.key))
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

    /// The key as text. A binary address (`$binary_remote_addr`) is written as an address.
    private static func text(_ key: [UInt8]) -> String {
        SocketAddress(binary: key, port: 0)?.host ?? String(decoding: key, as: UTF8.self)
    }

    // MARK: Prometheus

    func metrics() -> [UInt8] {
        var text = ""
        func family(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: Int)]) {
            if samples.isEmpty { return }
            text += "# HELP millrace_lb_\(name) \(help)\n# TYPE millrace_lb_\(name) \(type)\n"
            for sample in samples { text += "millrace_lb_\(name)\(sample.labels) \(sample.value)\n" }
        }
        func total(_ name: String, _ help: String, _ counter: (LoopCounters) -> Int) {
            family(name, "counter", help, [("", sum(counter))])
        }
        total("requests_total", "Requests completed.") { $0.requests.load(ordering: .relaxed) }
        family(
            "responses_total", "counter", "Responses by status class.",
            [
                ("{class=\"2xx\"}", sum { $0.successful.load(ordering: .relaxed) }),
                ("{class=\"3xx\"}", sum { $0.redirections.load(ordering: .relaxed) }),
                ("{class=\"4xx\"}", sum { $0.clientErrors.load(ordering: .relaxed) }),
                ("{class=\"5xx\"}", sum { $0.serverErrors.load(ordering: .relaxed) }),
            ])
        total("rate_limited_total", "Requests refused by limit_req.") { $0.rateLimited.load(ordering: .relaxed) }
        family(
            "limit_decisions_total", "counter", "Decisions of limit_req, limit_conn and client_max_connections.",
            [
                ("{limit=\"req\",decision=\"passed\"}", sum { $0.limitPassed.load(ordering: .relaxed) }),
                ("{limit=\"req\",decision=\"delayed\"}", sum { $0.limitDelayed.load(ordering: .relaxed) }),
                ("{limit=\"req\",decision=\"refused\"}", sum { $0.rateLimited.load(ordering: .relaxed) }),
                ("{limit=\"conn\",decision=\"refused\"}", sum { $0.connectionLimited.load(ordering: .relaxed) }),
                ("{limit=\"client\",decision=\"refused\"}", sum { $0.clientsLimited.load(ordering: .relaxed) }),
            ])
        total("client_aborts_total", "Requests whose client closed the connection before the response began.") {
            $0.clientAborts.load(ordering: .relaxed)
        }
        total("retries_total", "Attempts to send a request to a peer after the first attempt.") {
            $0.retries.load(ordering: .relaxed)
        }
        total("queued_total", "Requests that waited for a connection or for a healthy peer.") {
            $0.queued.load(ordering: .relaxed)
        }
        total("upstream_violations_total", "Upstream connections closed because the peer broke the protocol.") {
            $0.upstreamViolations.load(ordering: .relaxed)
        }
        total("connections_accepted_total", "Client connections accepted.") { $0.accepted.load(ordering: .relaxed) }
        family(
            "connections", "gauge", "Open client connections.",
            [("", sum { $0.connections.load(ordering: .relaxed) })])
        let groups = groups
        let peers = groups.flatMap { group in
            group.statistics.peers.map { peer in
                ("{upstream=\"\(group.name)\",backend=\"\(peer.specification.address)\"}", peer)
            }
        }
        family(
            "backend_up", "gauge", "1 if the peer may get requests, else 0.",
            peers.map { ($0.0, $0.1.isHealthy ? 1 : 0) })
        family("backend_active", "gauge", "Requests in progress at the peer.", peers.map { ($0.0, $0.1.active) })
        family("backend_idle", "gauge", "Idle connections to the peer.", peers.map { ($0.0, $0.1.idle) })
        family("backend_requests_total", "counter", "Requests sent to the peer.", peers.map { ($0.0, $0.1.requests) })
        family("backend_failures_total", "counter", "Failed requests to the peer.", peers.map { ($0.0, $0.1.failures) })
        let checked = peers.filter { $0.1.checkedHealth != nil }
        family(
            "backend_health_checks_total", "counter", "Active health checks of the peer.",
            checked.flatMap { labels, peer in
                [("passed", peer.checksPassed), ("failed", peer.checksFailed)].map { result, count in
                    (labels.dropLast() + ",result=\"\(result)\"}", count)
                }
            })
        let observed = groups.filter(\.statistics.detectsOutliers).flatMap { group in
            group.statistics.peers.map { ("{upstream=\"\(group.name)\",backend=\"\($0.specification.address)\"", $0) }
        }
        family(
            "backend_ejected", "gauge", "1 if outlier detection has ejected the peer, else 0.",
            observed.map { ($0.0 + "}", $0.1.isEjected ? 1 : 0) })
        family(
            "backend_ejections_total", "counter", "Ejections of the peer by outlier detection.",
            observed.flatMap { labels, peer in
                Ejection.Reason.allCases.map { reason in
                    (labels + ",reason=\"\(reason.rawValue)\"}", peer.ejections[reason])
                }
            })
        family(
            "waiting", "gauge", "Requests waiting for a connection to a peer.",
            groups.map { ("{upstream=\"\($0.name)\"}", $0.statistics.waiting) })
        func histograms(_ name: String, _ help: String, _ samples: [(labels: String, TimeHistogram)]) {
            let name = "millrace_lb_\(name)"
            text += "# HELP \(name) \(help)\n# TYPE \(name) histogram\n"
            for (labels, histogram) in samples { text += histogram.samples(of: name, labels) }
        }
        histograms(
            "backend_response_seconds", "Time from the choice of the peer to the last byte of its response.",
            groups.flatMap { group in
                group.statistics.peers.map { peer in
                    ("upstream=\"\(group.name)\",backend=\"\(peer.specification.address)\"", peer.responseTimes)
                }
            })
        histograms(
            "queue_seconds", "Time that requests waited for a connection to a peer.",
            groups.map { ("upstream=\"\($0.name)\"", $0.statistics.waits) })
        return Array(text.utf8) + Telemetry.prometheusText()
    }
}
