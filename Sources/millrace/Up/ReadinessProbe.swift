import Client

/// Checks through the balancer whether the whole system is ready.
struct ReadinessProbe {
    private let url: ServerURL?

    init(_ address: String) { url = try? ServerURL(address) }

    var isHealthy: Bool {
        guard let url else { return false }
        let connection = HTTPConnection(to: url, timeout: .seconds(5))
        defer { connection.close() }
        return (try? connection.request("GET", "/health"))?.status == 200
    }
}
