internal import JSON
internal import Telemetry

/// The pages that a worker serves over HTTP.
enum WorkerPages {
    /// - Returns: `nil` if the path is unknown.
    static func page(_ path: String, name: String, isHealthy: Bool) -> MetricsPage? {
        switch path {
        case "/metrics":
            return MetricsPage(
                status: 200, type: Telemetry.prometheusContentType, body: Telemetry.prometheusText())
        case "/health":
            let status = isHealthy ? "healthy" : "unhealthy"
            let database = isHealthy ? "up" : "down"
            let body: JSONValue = [
                "status": .string(status), "service": "worker", "node": .string(name), "database": .string(database),
            ]
            return MetricsPage(
                status: isHealthy ? 200 : 503, type: "application/json",
                body: body.serialized())
        default:
            return nil
        }
    }
}
