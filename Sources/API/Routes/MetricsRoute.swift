internal import HTTPWire
internal import JSON
internal import Telemetry

/// `GET /metrics`.
enum MetricsRoute {
    static let get = Route(
        method: .get, path: "/metrics", operation: "metrics",
        summary: "This node's metrics, for Prometheus.",
        replies: [
            ReplyDescription(
                status: 200, summary: "The metrics in the Prometheus text format.", schema: ["type": "string"],
                contentType: "text/plain")
        ],
        access: .statistics,
        server: .node { (_, _) throws(Problem) in
            .now(
                APIResponse(200, contentType: MediaType.metrics, body: Array(Telemetry.prometheusText())))
        })
}
