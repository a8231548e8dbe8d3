internal import HTTPWire
internal import JSON
internal import Queue

/// `GET /health`.
enum HealthRoute {
    static let get = Route(
        method: .get, path: "/health", operation: "health",
        summary: "Reports whether this node works and its database can be used.",
        replies: [
            ReplyDescription(
                status: 200,
                summary: "The node and the database work. If there is a `schema`, a newer program has migrated the "
                    + "database, and this node should be replaced.",
                schema: schema("healthy", database: "up")),
            ReplyDescription(
                status: 503,
                summary:
                    "No database that takes writes is reachable; or its schema is missing or too old, and `schema` "
                    + "says what to do.",
                schema: schema("unhealthy", database: ["enum": ["down", "up"]]),
                headers: ["Retry-After": "Seconds until the next try."]),
        ],
        access: .open,
        server: .node { (_, services) throws(Problem) in
            .later { answer in
                services.queue.databaseState { answer(.success(response($0, node: services.node))) }
            }
        })

    private static func response(_ state: DatabaseState, node: String) -> APIResponse {
        let (isHealthy, isReachable, schema): (Bool, Bool, String?) =
            switch state {
            case .up(let note): (true, true, note)
            case .down: (false, false, nil)
            case .schemaUnfit(let advice): (false, true, advice)
            }
        let body = JSONWriter.object { body in
            body.member("status", isHealthy ? "healthy" : "unhealthy")
            body.member("service", "api")
            body.member("node", node)
            body.member("database", isReachable ? "up" : "down")
            if let schema { body.member("schema", schema) }
        }
        return APIResponse(isHealthy ? 200 : 503, body, headers: isHealthy ? [] : [.init("Retry-After", "2")])
    }

    private static func schema(_ status: JSONValue, database: JSONValue) -> JSONValue {
        Schemas.object(
            [
                "status": ["const": status], "service": ["const": "api"], "node": ["type": "string"],
                "database": database.stringValue.map { ["const": .string($0)] } ?? database,
            ],
            optional: ["schema": ["type": "string", "description": "What is wrong with the schema, and what to do."]])
    }
}
