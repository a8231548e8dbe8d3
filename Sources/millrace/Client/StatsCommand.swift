import ArgumentParser
import JSON
import Settings

struct StatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show the statistics of the balancer, its nodes and the cache.")

    @OptionGroup var options: ClientOptions

    func run() throws {
        try reporting {
            let settings = try Settings.load()
            var call = try options.call(settings)
            if call.token == nil { call.token = try AdminCredentials(settings).tokenIfAny(for: call) }
            let all: JSONValue = .object([
                "balancer": try call.get("/lb/stats"), "cache": try call.get("/cache/stats"),
            ])
            show(all, asJSON: try options.asJSON(settings))
        }
    }
}
