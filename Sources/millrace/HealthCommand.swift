import ArgumentParser
import Client

/// For container health checks: the image has no other HTTP client, and none that speaks FastCGI.
struct HealthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask one process whether it is healthy; exit code 0 says yes.",
        discussion: """
            An address is http://host:port/path (balancer: /lb/health; worker with --metrics: /health) or, for an API \
            node, fastcgi://host:port/path or fastcgi:unix:/path/to/socket (then /health is asked for).
            """)

    @Argument(help: "Where to ask.")
    var address: String

    func run() throws {
        try reporting {
            guard let target = HealthTarget(address) else {
                throw CommandFailure(description: "\"\(address)\" is no http: or fastcgi: address", code: 64)
            }
            let status = try target.ask()
            guard status == 200 else { throw CommandFailure(description: "not healthy: status \(status)") }
            print("healthy")
        }
    }
}
