import ArgumentParser
import JSON
import Settings

struct BalancerAdminCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lb", abstract: "Administer the running balancer.", subcommands: [Strategy.self, Peers.self])

    struct Strategy: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show or set how the balancer selects a node.",
            discussion: "The change is in effect from the next request on, until the balancer is started again.")

        @Argument(help: "round-robin or least-connections; without a name, the current strategy is shown.")
        var name: String?

        @OptionGroup var admin: AdminOptions

        func run() throws {
            try reporting {
                let settings = try Settings.load()
                let call = try admin.call(settings, isTokenOptional: name == nil)
                guard let name else {
                    let strategy = try call.get("/lb/stats")["strategy"] ?? .null
                    return try admin.show(["strategy": strategy], settings) { _ in strategy.stringValue ?? "" }
                }
                let reply = try call.post("/lb/strategy", ["strategy": .string(name)])
                try admin.show(reply, settings) { $0["message"]?.stringValue ?? "" }
            }
        }
    }

    struct Peers: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the nodes that the balancer knows.")

        @OptionGroup var admin: AdminOptions

        func run() throws {
            try reporting {
                let settings = try Settings.load()
                try admin.show(try admin.call(settings).get("/lb/peers"), settings) { reply in
                    Table(
                        [
                            "upstream", "address", "state", "healthy", "active", "idle", "weight", "max_conns",
                            "backup",
                        ], of: reply["peers"]?.arrayValue ?? []
                    ).text
                }
            }
        }
    }
}
