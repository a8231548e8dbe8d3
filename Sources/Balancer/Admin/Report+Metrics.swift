internal import Balancing
internal import Synchronization
internal import Telemetry

/// `/lb/metrics`: the balancer's metrics in Prometheus's text format.
extension Report {
    func metrics() -> [UInt8] {
        var text = PrometheusText()
        writeRequests(to: &text)
        writePeers(to: &text)
        writeTimes(to: &text)
        Telemetry.write(to: &text)
        return Array(text.text.utf8)
    }

    private typealias Sample = (labels: [PrometheusText.Label], value: PrometheusText.Number)

    private func sample(_ value: Int, _ labels: KeyValuePairs<String, String> = [:]) -> Sample {
        (labels.map { PrometheusText.Label($0, $1) }, .integer(Int64(value)))
    }

    // MARK: Requests and clients

    private func writeRequests(to text: inout PrometheusText) {
        func counter(_ name: String, _ help: String, _ samples: [Sample]) {
            text.family("millrace_lb_" + name, .counter, help: help, samples)
        }
        counter("requests_total", "Requests completed.", [sample(sum { $0.requests.load(ordering: .relaxed) })])
        counter(
            "responses_total", "Responses by status class.",
            [
                sample(sum { $0.successful.load(ordering: .relaxed) }, ["class": "2xx"]),
                sample(sum { $0.redirections.load(ordering: .relaxed) }, ["class": "3xx"]),
                sample(sum { $0.clientErrors.load(ordering: .relaxed) }, ["class": "4xx"]),
                sample(sum { $0.serverErrors.load(ordering: .relaxed) }, ["class": "5xx"]),
            ])
        let rateLimited = sum { $0.rateLimited.load(ordering: .relaxed) }
        counter("rate_limited_total", "Requests refused by limit_req.", [sample(rateLimited)])
        let passed = sum { $0.limitPassed.load(ordering: .relaxed) }
        let delayed = sum { $0.limitDelayed.load(ordering: .relaxed) }
        let connectionLimited = sum { $0.connectionLimited.load(ordering: .relaxed) }
        let clientsLimited = sum { $0.clientsLimited.load(ordering: .relaxed) }
        counter(
            "limit_decisions_total", "Decisions of limit_req, limit_conn and client_max_connections.",
            [
                sample(passed, ["limit": "req", "decision": "passed"]),
                sample(delayed, ["limit": "req", "decision": "delayed"]),
                sample(rateLimited, ["limit": "req", "decision": "refused"]),
                sample(connectionLimited, ["limit": "conn", "decision": "refused"]),
                sample(clientsLimited, ["limit": "client", "decision": "refused"]),
            ])
        counter(
            "client_aborts_total", "Requests whose client closed the connection before the response began.",
            [sample(sum { $0.clientAborts.load(ordering: .relaxed) })])
        counter(
            "retries_total", "Attempts to send a request to a peer, without the first attempt of each request.",
            [sample(sum { $0.retries.load(ordering: .relaxed) })])
        counter(
            "queued_total", "Requests that waited for a connection or for a healthy peer.",
            [sample(sum { $0.queued.load(ordering: .relaxed) })])
        counter(
            "upstream_violations_total", "Upstream connections closed because the peer broke the protocol.",
            [sample(sum { $0.upstreamViolations.load(ordering: .relaxed) })])
        counter(
            "connections_accepted_total", "Client connections accepted.",
            [sample(sum { $0.accepted.load(ordering: .relaxed) })])
        text.family(
            "millrace_lb_connections", .gauge, help: "Open client connections.",
            [sample(sum { $0.connections.load(ordering: .relaxed) })])
    }

    // MARK: Peers

    private func labels(
        _ group: String, _ peer: PeerStatistics, _ more: PrometheusText.Label...
    ) -> [PrometheusText.Label] {
        [.init("upstream", group), .init("backend", peer.specification.address)] + more
    }

    private func writePeers(to text: inout PrometheusText) {
        let peers = groups.flatMap { group in
            group.statistics.peers.map { (group: group.name, peer: $0, statistics: group.statistics) }
        }
        func family(
            _ name: String, _ kind: PrometheusText.Kind, _ help: String, _ value: (PeerStatistics) -> Int
        ) {
            text.family(
                "millrace_lb_backend_" + name, kind, help: help,
                peers.map { (labels($0.group, $0.peer), .integer(Int64(value($0.peer)))) })
        }
        family("up", .gauge, "1 if the peer may get requests, else 0.") { $0.isHealthy ? 1 : 0 }
        family("active", .gauge, "Requests in progress at the peer.") { $0.active }
        family("idle", .gauge, "Idle connections to the peer.") { $0.idle }
        family("requests_total", .counter, "Requests sent to the peer.") { $0.requests }
        family("failures_total", .counter, "Failed requests to the peer.") { $0.failures }
        text.family(
            "millrace_lb_backend_health_checks_total", .counter, help: "Active health checks of the peer.",
            peers.filter { $0.peer.checkedHealth != nil }.flatMap { group, peer, _ in
                [("passed", peer.checksPassed), ("failed", peer.checksFailed)].map { result, count -> Sample in
                    (labels(group, peer, .init("result", result)), .integer(Int64(count)))
                }
            })
        let observed = peers.filter(\.statistics.detectsOutliers)
        text.family(
            "millrace_lb_backend_ejected", .gauge, help: "1 if outlier detection has ejected the peer, else 0.",
            observed.map { (labels($0.group, $0.peer), .integer($0.peer.isEjected ? 1 : 0)) })
        text.family(
            "millrace_lb_backend_ejections_total", .counter, help: "Ejections of the peer by outlier detection.",
            observed.flatMap { group, peer, _ in
                Ejection.Reason.allCases.map { reason -> Sample in
                    (labels(group, peer, .init("reason", reason.rawValue)), .integer(Int64(peer.ejections[reason])))
                }
            })
        text.family(
            "millrace_lb_waiting", .gauge, help: "Requests waiting for a connection to a peer.",
            groups.map { sample($0.statistics.waiting, ["upstream": $0.name]) })
    }

    private func writeTimes(to text: inout PrometheusText) {
        text.histograms(
            "millrace_lb_backend_response_seconds",
            help: "Time from the choice of the peer to the last byte of its response.",
            groups.flatMap { group in
                group.statistics.peers.map { (labels(group.name, $0), PrometheusText.Histogram($0.responseTimes)) }
            })
        text.histograms(
            "millrace_lb_queue_seconds", help: "Time that requests waited for a connection to a peer.",
            groups.map { ([.init("upstream", $0.name)], PrometheusText.Histogram($0.statistics.waits)) })
    }
}

extension PrometheusText.Histogram {
    /// Converts the histogram to seconds.
    fileprivate init(_ times: TimeHistogram) {
        self.init(
            bounds: TimeHistogram.bounds.map { Double($0) / 1_000_000 }, counts: times.counts.map(UInt64.init),
            sum: Double(times.sum) / 1_000_000)
    }
}
