internal import HTTPWire
internal import JSON
internal import Queue
internal import Tasks

/// `/keys`: the clients and their keys.
enum KeyRoutes {
    static let list = Route(
        method: .get, path: "/keys", operation: "list_keys", summary: "The clients that have a key, by name.",
        replies: [
            ReplyDescription(status: 200, summary: "The clients.", schema: ["type": "array", "items": client])
        ],
        problems: [503], access: .administrative,
        server: .node { (_, services) throws(Problem) in
            .blocking {
                answer { () throws(QueueError) in
                    let texts = try services.queue.listClients().map { object($0, key: nil).bytes }
                    let body = Array("[".utf8) + texts.joined(separator: Array(",".utf8)) + Array("]".utf8)
                    return APIResponse(200, contentType: MediaType.json, body: body)
                }
            }
        })

    static func create(_ types: TaskRegistry) -> Route {
        Route(
            method: .post, path: "/keys", operation: "create_key", summary: "Makes a client with a new key.",
            description: "The response has the key. It is the only time that the key is shown.",
            body: BodyDescription(
                schema: [
                    "type": "object", "required": ["name"], "additionalProperties": false,
                    "properties": [
                        "name": name, "scopes": ["type": "array", "items": scope, "minItems": 1],
                        "types": Schemas.nullable(["type": "array", "items": Schemas.oneOf(types.names)]),
                    ],
                ], example: ["name": "web-shop", "scopes": ["submit", "read"]]),
            replies: [ReplyDescription(status: 201, summary: "The client and its key.", schema: issued)],
            problems: [400, 409, 413, 415, 422, 503], access: .administrative,
            server: .node { (request, services) throws(Problem) in
                let wanted = try NewClient(request, types: services.types)
                let act = AdministrativeAct("create a key", ["name": wanted.name], by: request, services)
                return .blocking {
                    act.ended(
                        answer { () throws(QueueError) in
                            let made = try services.queue.createClient(
                                wanted.name, scopes: wanted.scopes, types: wanted.types)
                            return made.map { APIResponse(201, object($0.client, key: $0.key)) }
                        } ifNone: {
                            Problem(409, "Another client has the name \(wanted.name).")
                        })
                }
            })
    }

    static let rotate = Route(
        method: .post, path: "/keys/{name}/rotate", operation: "rotate_key",
        summary: "Gives a client a new key. The old key is refused within a second.", parameters: [nameParameter],
        replies: [ReplyDescription(status: 200, summary: "The client and its new key.", schema: issued)],
        problems: [404, 503], access: .administrative,
        server: .node { (request, services) throws(Problem) in
            let name = request.pathParameter
            let act = AdministrativeAct("rotate a key", details(name), by: request, services)
            return .blocking {
                act.ended(
                    answer { () throws(QueueError) in
                        try services.queue.rotateClient(name).map {
                            APIResponse(200, object($0.client, key: $0.key))
                        }
                    })
            }
        })

    static let revoke = Route(
        method: .delete, path: "/keys/{name}", operation: "revoke_key",
        summary: "Revokes a client's key. It is refused within a second.",
        description: "The client's tasks go on. Only administrators can see them from now on.",
        parameters: [nameParameter],
        replies: [ReplyDescription(status: 200, summary: "The client that had the key.", schema: client)],
        problems: [404, 503], access: .administrative,
        server: .node { (request, services) throws(Problem) in
            let name = request.pathParameter
            let act = AdministrativeAct("revoke a key", details(name), by: request, services)
            return .blocking {
                act.ended(
                    answer { () throws(QueueError) in
                        try services.queue.revokeClient(name).map { APIResponse(200, object($0, key: nil)) }
                    })
            }
        })

    /// The details of an act for the log. If the text is not a valid name, it is left out.
    private static func details(_ name: String) -> [String: String] {
        ClientName.isValid(name) ? ["name": name] : [:]
    }

    /// - Parameter missing: the problem if `work` returns `nil`.
    private static func answer(
        _ work: () throws(QueueError) -> APIResponse?,
        ifNone missing: () -> Problem = { Problem(404, "There is no client with this name.") }
    ) -> Answer {
        do throws(QueueError) {
            return try work().map { .success($0) } ?? .failure(missing())
        } catch {
            return .failure(Problem(error))
        }
    }

    // MARK: Schemas

    private static let name: JSONValue = [
        "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
    ]
    private static let scope = Schemas.oneOf(ClientScope.allCases.map(\.rawValue))
    private static let nameParameter = Parameter(
        name: "name", location: .path, summary: "The client's name.", schema: name)

    private static let members: [String: JSONValue] = [
        "name": name, "scopes": ["type": "array", "items": scope],
        "types": Schemas.nullable([
            "type": "array", "items": ["type": "string"],
            "description": "The task types that the client may submit; `null` for all.",
        ]),
        "created_at": Schemas.time, "rotated_at": Schemas.nullable(Schemas.time),
    ]
    private static let client = Schemas.object(members)
    private static let issued = Schemas.object(
        members.merging([
            "key": ["type": "string", "description": "Send it as `Authorization: Bearer …`. It is not shown again."]
        ]) { $1 })

    private static func object(_ client: Client, key: ClientKey?) -> JSONWriter {
        .object { body in
            body.member("name", client.name)
            if let key { body.member("key", key.text) }
            body.array("scopes") { list in
                for scope in ClientScope.allCases where client.scopes.contains(scope) { list.value(scope.rawValue) }
            }
            if let types = client.types {
                body.array("types") { list in for type in types.sorted() { list.value(type) } }
            } else {
                body.member("types", json: nil)
            }
            body.member("created_at", client.createdAt.description)
            body.member("rotated_at", client.rotatedAt?.description)
        }
    }
}

/// The body of `POST /keys`.
private struct NewClient {
    let name: String
    var scopes = ClientScope.standard
    var types: Set<String>?

    init(_ request: APIRequest, types known: TaskRegistry) throws(Problem) {
        guard let sent = try? JSONValue(parsing: try request.jsonBody()) else {
            _ = try request.jsonBody()
            throw .malformedJSON
        }
        guard case .object(let members) = sent else { throw .invalid(member: "body", "must be a JSON object") }
        if let other = members.keys.first(where: { !["name", "scopes", "types"].contains($0) }) {
            throw .invalid(member: String(other.prefix(100)), "is unknown; the members are: name, scopes, types")
        }
        guard let name = members["name"]?.stringValue, ClientName.isValid(name) else {
            throw .invalid(
                member: "name",
                "must have 1 to \(ClientName.maxLength) letters, digits, dots, hyphens or underscores, and begin with a "
                    + "letter or a digit")
        }
        self.name = name
        if let list = try Self.texts(members["scopes"], "scopes") {
            let scopes = list.compactMap { ClientScope(rawValue: $0) }
            guard scopes.count == list.count, !scopes.isEmpty else {
                let names = ClientScope.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalid(member: "scopes", "must be an array of: \(names)")
            }
            self.scopes = Set(scopes)
        }
        if let list = try Self.texts(members["types"], "types") {
            guard list.allSatisfy({ known.definition(named: $0) != nil }), !list.isEmpty else {
                throw .invalid(member: "types", "must be an array of: \(known.names.joined(separator: ", "))")
            }
            types = Set(list)
        }
    }

    /// The strings of an array; `nil` if the member is absent or `null`.
    private static func texts(_ value: JSONValue?, _ member: String) throws(Problem) -> [String]? {
        guard let value, !value.isNull else { return nil }
        let texts = value.arrayValue?.compactMap(\.stringValue)
        guard let texts, texts.count == value.arrayValue?.count else {
            throw .invalid(member: member, "must be an array of strings")
        }
        return texts
    }
}
