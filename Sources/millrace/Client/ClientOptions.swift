import ArgumentParser
import Settings

/// The options of all client subcommands.
struct ClientOptions: ParsableArguments {
    @Option(help: .variable(EnvironmentVariables.url, placeholder: "url"))
    var url: String?

    @Flag(help: .variable(EnvironmentVariables.json, placeholder: ""))
    var json = false

    func call(_ settings: Settings) throws -> ServerCall { try ServerCall(settings, url: url) }

    func asJSON(_ settings: Settings) throws -> Bool { try json || settings.value(EnvironmentVariables.json) }
}
