import ArgumentParser
import JSON
import Settings

struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Administer the result cache.", subcommands: [Clear.self])

    struct Clear: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove all results from the cache. Tasks keep their results.")

        @OptionGroup var admin: AdminOptions

        func run() throws {
            try reporting {
                let settings = try Settings.load()
                let reply = try admin.call(settings).post("/cache/clear")
                try admin.show(reply, settings) { reply in
                    "removed \(reply["cleared"]?.integerValue ?? 0) results from the cache"
                }
            }
        }
    }
}
