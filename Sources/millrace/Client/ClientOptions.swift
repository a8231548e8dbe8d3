import ArgumentParser
import Settings

/// The options of all client subcommands.
struct ClientOptions: ParsableArguments {
    @Option(help: .variable(EnvironmentVariables.url, placeholder: "url"))
    var url: String?

    @Flag(help: .variable(EnvironmentVariables.json, placeholder: ""))
    var json = false

    /// - Returns: a ``ServerCall`` that sends the client's key, if one is configured.
    func call(_ settings: Settings) throws -> ServerCall {
        var call = try ServerCall(settings, url: url)
        call.token = try settings.value(EnvironmentVariables.key)
        return call
    }

    func asJSON(_ settings: Settings) throws -> Bool { try json || settings.value(EnvironmentVariables.json) }
}
