import ArgumentParser
import JSON
import Logging
import Postgres
import Queue
import Settings

/// `millrace key`: clients and their keys.
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Create, list, rotate and revoke the keys of clients.",
        discussion: """
            If a database is configured (DATABASE_URL, or DB_HOST and DB_NAME), the keys are changed there. Otherwise \
            the server at MILLRACE_URL changes them. That needs a key with the scope admin (MILLRACE_KEY), or the admin \
            token (MILLRACE_ADMIN_TOKEN, or the file in the data folder of `millrace up`).
            """,
        subcommands: [KeyCreateCommand.self, KeyListCommand.self, KeyRotateCommand.self, KeyRevokeCommand.self])
}

struct KeyCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a client, and print its key. The key is not shown again.")

    @Argument(help: "The client's name: letters, digits, dots, hyphens and underscores.")
    var name: String

    @Option(
        help: ArgumentHelp(
            "What the key may do: submit, read, list, cancel, admin (default: submit,read,list,cancel)",
            valueName: "scope,…"))
    var scope: String?

    @Option(help: ArgumentHelp("The task types that it may submit; default: all", valueName: "type,…"))
    var types: String?

    @OptionGroup var options: ClientOptions

    func validate() throws {
        guard ClientName.isValid(name) else { throw ValidationError("\"\(name)\" is not a name for a client") }
        for scope in list(scope) ?? [] where ClientScope(rawValue: scope) == nil {
            let known = ClientScope.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--scope: \"\(scope)\" is not one of \(known)")
        }
    }

    func run() throws {
        try reporting {
            let settings = try Settings.load()
            let scopes = list(scope).map { Set($0.compactMap { ClientScope(rawValue: $0) }) } ?? ClientScope.standard
            let made = try ClientKeys(settings, options).create(name, scopes: scopes, types: list(types))
            show(made, asJSON: try options.asJSON(settings))
        }
    }

    private func list(_ text: String?) -> [String]? {
        text.map { $0.split(separator: ",").map(String.init) }
    }
}

struct KeyListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the clients that have a key, and what their keys may do.")

    @OptionGroup var options: ClientOptions

    func run() throws {
        try reporting {
            let settings = try Settings.load()
            let clients = try ClientKeys(settings, options).list()
            if try options.asJSON(settings) { return show(clients, asJSON: true) }
            for client in clients.arrayValue ?? [] {
                let scopes = client["scopes"]?.arrayValue?.compactMap(\.stringValue).joined(separator: ",") ?? ""
                let types = client["types"]?.arrayValue?.compactMap(\.stringValue).joined(separator: ",") ?? "all types"
                print("\(client["name"]?.stringValue ?? "")  \(scopes)  \(types)")
            }
        }
    }
}

struct KeyRotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Give a client a new key, and print it. The old key is refused.")

    @Argument(help: "The client's name.")
    var name: String

    @OptionGroup var options: ClientOptions

    func run() throws {
        try reporting {
            let settings = try Settings.load()
            show(try ClientKeys(settings, options).rotate(name), asJSON: try options.asJSON(settings))
        }
    }
}

struct KeyRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke a client's key. It is refused within a second.")

    @Argument(help: "The client's name.")
    var name: String

    @OptionGroup var options: ClientOptions

    func run() throws {
        try reporting {
            let settings = try Settings.load()
            show(try ClientKeys(settings, options).revoke(name), asJSON: try options.asJSON(settings))
        }
    }
}

/// Reads and changes the clients and their keys. If a database is configured, the command connects to it directly. If
/// not, the command asks the server.
private enum ClientKeys {
    case database(PostgresConnection)
    case server(ServerCall)

    init(_ settings: Settings, _ options: ClientOptions) throws {
        guard try settings.databaseAddress() != nil else {
            var call = try options.call(settings)
            if call.token == nil { call.token = try AdminCredentials(settings).token(for: call) }
            self = .server(call)
            return
        }
        self = .database(
            try ConnectionAttempts(
                try settings.postgres(applicationName: "millrace key"),
                logger: Logger(label: "key") { _ in SwiftLogNoOpLogHandler() }
            ).connect())
    }

    func create(_ name: String, scopes: Set<ClientScope>, types: [String]?) throws -> JSONValue {
        switch self {
        case .server(let call):
            var body: [String: JSONValue] = [
                "name": .string(name), "scopes": .array(scopes.map { .string($0.rawValue) }),
            ]
            if let types { body["types"] = .array(types.map { .string($0) }) }
            return try call.post("/keys", .object(body))
        case .database(let connection):
            let made = try ClientTable.create(name, scopes: scopes, types: types.map { Set($0) }, connection)
            guard let made else { throw CommandFailure(description: "another client has the name \(name)") }
            return made.client.json(key: made.key)
        }
    }

    func list() throws -> JSONValue {
        switch self {
        case .server(let call): try call.get("/keys")
        case .database(let connection): .array(try ClientTable.list(connection).map { $0.json() })
        }
    }

    func rotate(_ name: String) throws -> JSONValue {
        switch self {
        case .server(let call): return try call.post("/keys/\(try checked(name))/rotate", .object([:]))
        case .database(let connection):
            guard let made = try ClientTable.rotate(name, connection) else { throw unknown(name) }
            return made.client.json(key: made.key)
        }
    }

    func revoke(_ name: String) throws -> JSONValue {
        switch self {
        case .server(let call): return try call.delete("/keys/\(try checked(name))")
        case .database(let connection):
            guard let client = try ClientTable.revoke(name, connection) else { throw unknown(name) }
            return client.json()
        }
    }

    /// Checks a name that becomes a part of a URL.
    /// - Returns: the same name.
    private func checked(_ name: String) throws -> String {
        guard ClientName.isValid(name) else { throw unknown(name) }
        return name
    }

    private func unknown(_ name: String) -> CommandFailure {
        CommandFailure(description: "there is no client with the name \(name)")
    }
}

extension Client {
    /// The client in the form of `GET /keys`.
    fileprivate func json(key: ClientKey? = nil) -> JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name),
            "scopes": .array(ClientScope.allCases.filter(scopes.contains).map { .string($0.rawValue) }),
            "types": types.map { .array($0.sorted().map { .string($0) }) } ?? .null,
            "created_at": .string(createdAt.description),
            "rotated_at": rotatedAt.map { .string($0.description) } ?? .null,
        ]
        if let key { members["key"] = .string(key.text) }
        return .object(members)
    }
}
