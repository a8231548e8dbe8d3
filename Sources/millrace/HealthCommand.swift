import ArgumentParser
import Client

/// `millrace health`, for the health checks of containers: the image has no other client for HTTP or FastCGI.
struct HealthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Check the health of one process. Exit code 0 means healthy.",
        discussion: """
            For the balancer: http://host:port/lb/health. For a worker with --metrics: http://host:port/health. For an \
            API node: fastcgi://host:port/health, or fastcgi:unix:/path/to/socket, which requests /health.
            """)

    @Argument(help: "The address to check.")
    var address: String

    func run() throws {
        try reporting {
            guard let target = HealthTarget(address) else {
                throw CommandFailure(description: "\"\(address)\" is not an http: or fastcgi: address", code: 64)
            }
            let status = try target.ask()
            guard status == 200 else { throw CommandFailure(description: "not healthy: status \(status)") }
            print("healthy")
        }
    }
}
