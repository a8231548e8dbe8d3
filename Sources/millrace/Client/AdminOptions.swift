import AdminAccess
import ArgumentParser
import JSON
import Settings

/// The options of the administrative subcommands.
struct AdminOptions: ParsableArguments {
    @OptionGroup var options: ClientOptions

    @Option(
        help: ArgumentHelp(
            "The data folder of `millrace up`, which has the admin token. It is used if MILLRACE_ADMIN_TOKEN is not set.",
            valueName: "folder"))
    var data: String?

    /// - Parameter isTokenOptional: if true, a missing token is no error, because the server may answer without it.
    /// - Returns: a ``ServerCall`` that sends the admin token.
    func call(_ settings: Settings, isTokenOptional: Bool = false) throws -> ServerCall {
        var call = try options.call(settings)
        let credentials = try AdminCredentials(settings, data: data)
        call.token = isTokenOptional ? credentials.tokenIfAny(for: call) : try credentials.token(for: call)
        return call
    }

    /// Prints a response as JSON or, for people, as a table or as text.
    func show(_ value: JSONValue, _ settings: Settings, table: (JSONValue) -> String) throws {
        let asJSON = try options.asJSON(settings)
        print(asJSON ? String(decoding: value.serialized(), as: UTF8.self) : table(value))
    }
}

/// Finds the admin token: the value of `MILLRACE_ADMIN_TOKEN`, or the file in the data folder of `millrace up`.
struct AdminCredentials {
    private let configured: String?
    private let file: AdminTokenFile
    /// Whether the user has named the data folder.
    private let isNamed: Bool

    init(_ settings: Settings, data: String? = nil) throws {
        configured = try settings.value(EnvironmentVariables.adminToken)
        let folder = try settings.value(EnvironmentVariables.dataFolder, option: data, "--data")
        file = AdminTokenFile(in: DataFolder.path(folder))
        isNamed = folder != nil
    }

    func token(for call: ServerCall) throws -> String {
        if let configured { return configured }
        // The token of the default folder belongs to the server on this machine, and no other server may see it.
        guard isNamed || call.isToThisMachine else {
            throw SettingsError(
                "MILLRACE_ADMIN_TOKEN: this command needs the admin token of \(call.url) (or --data, the data folder of "
                    + "the `millrace up` that serves there)", .configuration)
        }
        if let token = try file.read() { return token.value }
        throw SettingsError(
            "MILLRACE_ADMIN_TOKEN: this command needs the admin token, and there is no file \(file.path) "
                + "(--data names the data folder of `millrace up`)", .configuration)
    }

    /// The token if there is one, for a call that only some servers protect.
    func tokenIfAny(for call: ServerCall) -> String? { try? token(for: call) }
}
