internal import HTTPWire
internal import JSON
internal import Queue
internal import Tasks

/// `GET /types`, and the calls that change a type's settings.
enum TypesRoutes {
    static let list = Route(
        method: .get, path: "/types", operation: "list_types",
        summary: "The task types, with their settings and the number of tasks of each.",
        replies: [
            ReplyDescription(status: 200, summary: "All types.", schema: ["type": "array", "items": state])
        ],
        problems: [503], access: .scope(.read),
        server: .node { (request, services) throws(Problem) in
            .blocking {
                do throws(QueueError) {
                    let types = try services.queue.types(services.types.names, by: request.caller.visibility)
                    return .success(APIResponse(200, contentType: MediaType.json, body: text(types)))
                } catch {
                    return .failure(Problem(error))
                }
            }
        })

    static func pause(_ types: TaskRegistry) -> Route {
        change(
            types, "pause",
            "Stops workers from claiming tasks of this type. Claimed tasks go on, and new tasks are accepted.",
            { (_, type, queue) throws(QueueError) in try queue.setPaused(type, true) })
    }

    static func resume(_ types: TaskRegistry) -> Route {
        change(
            types, "resume", "Lets workers claim tasks of this type again.",
            { (_, type, queue) throws(QueueError) in try queue.setPaused(type, false) })
    }

    static func bound(_ types: TaskRegistry) -> Route {
        change(
            types, "limit", "Limits how many tasks of this type all workers together process at the same time.",
            body: BodyDescription(
                schema: Schemas.object([
                    "concurrency": [
                        "type": ["integer", "null"], "minimum": .integer(Int64(bounds.lowerBound)),
                        "maximum": .integer(Int64(bounds.upperBound)), "description": "`null` for no limit.",
                    ]
                ]), example: ["concurrency": 2]),
            { (concurrency, type, queue) throws(QueueError) in try queue.bound(type, to: concurrency) })
    }

    private static let bounds = 1...1_000_000

    private typealias Change = @Sendable (Int?, String, QueueClient) throws(QueueError) -> Void

    private static func change(
        _ types: TaskRegistry, _ verb: String, _ summary: String, body: BodyDescription? = nil,
        _ apply: @escaping Change
    ) -> Route {
        Route(
            method: .post, path: "/types/{type}/\(verb)", operation: "\(verb)_type", summary: summary,
            parameters: [
                Parameter(
                    name: "type", location: .path, summary: "The type.",
                    schema: Schemas.oneOf(types.names))
            ],
            body: body,
            replies: [
                ReplyDescription(status: 200, summary: "The setting applies from the next claim on.", schema: state)
            ],
            problems: body == nil ? [404, 503] : [400, 404, 415, 422, 503],
            access: .administrative,
            server: .node { (request, services) throws(Problem) in
                let type = request.pathParameter
                let isKnown = services.types.definition(named: type) != nil
                var act = AdministrativeAct(
                    "\(verb) a type", isKnown ? ["task.type": "\(type)"] : [:], by: request, services)
                guard isKnown else { throw Problem(404, "There is no task type with this name.") }
                let limit = try body == nil ? nil : concurrency(request)
                if body != nil { act["concurrency"] = limit.map { "\($0)" } ?? "no limit" }
                let settled = act
                return .blocking {
                    do throws(QueueError) {
                        try apply(limit, type, services.queue)
                        let states = try services.queue.types([type], by: .all).map(object)
                        return settled.ended(
                            states.first.map { .success(APIResponse(200, $0)) } ?? .failure(.internalError))
                    } catch {
                        return settled.ended(.failure(Problem(error)))
                    }
                }
            })
    }

    private static func concurrency(_ request: APIRequest) throws(Problem) -> Int? {
        let sent: JSONValue
        do {
            sent = try JSONValue(parsing: try request.jsonBody())
        } catch let problem as Problem {
            throw problem
        } catch {
            throw .malformedJSON
        }
        guard case .object(let members) = sent else { throw .invalid(member: "body", "must be a JSON object") }
        if let other = members.keys.first(where: { $0 != "concurrency" }) {
            throw .invalid(member: String(other.prefix(100)), "is unknown; the only member is: concurrency")
        }
        switch members["concurrency"] {
        case .null?: return nil
        case .integer(let number)? where bounds.contains(Int(number)): return Int(number)
        default:
            throw .invalid(
                member: "concurrency", "must be null or an integer from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
    }

    private static let state = Schemas.object([
        "type": ["type": "string"], "paused": ["type": "boolean"],
        "concurrency": Schemas.nullable(["type": "integer", "minimum": 1]), "queued": Schemas.count,
        "processing": Schemas.count,
    ])

    private static func object(_ state: TypeState) -> JSONWriter {
        .object { body in
            body.member("type", state.type)
            body.member("paused", state.isPaused)
            if let concurrency = state.concurrency {
                body.member("concurrency", concurrency)
            } else {
                body.member("concurrency", json: nil)
            }
            body.member("queued", state.queued)
            body.member("processing", state.processing)
        }
    }

    private static func text(_ types: [TypeState]) -> [UInt8] {
        Array("[".utf8) + types.map { object($0).bytes }.joined(separator: Array(",".utf8)) + Array("]".utf8)
    }
}
