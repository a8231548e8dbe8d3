internal import JSON
internal import Telemetry

/// What a worker serves over HTTP.
enum WorkerPages {
    /// - Returns: `nil` for an unknown path.
    static func page(_ path: String, name: String, isHealthy: Bool) -> MetricsListener.Page? {
        switch path {
        case "/metrics":
            return MetricsListener.Page(
                status: "200 OK", type: Telemetry.prometheusContentType, body: Telemetry.prometheusText())
        case "/health":
            let status = isHealthy ? "healthy" : "unhealthy"
            let database = isHealthy ? "up" : "down"
            let body: JSONValue = [
                "status": .string(status), "service": "worker", "node": .string(name), "database": .string(database),
            ]
            return MetricsListener.Page(
                status: isHealthy ? "200 OK" : "503 Service Unavailable", type: "application/json",
                body: body.serialized())
        default:
            return nil
        }
    }
}
