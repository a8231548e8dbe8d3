internal import HTTPWire
internal import JSON
internal import Queue

/// `GET /health`.
enum HealthRoute {
    static let get = Route(
        method: .get, path: "/health", operation: "health",
        summary: "Reports whether this node works and its database is reachable.",
        replies: [
            ReplyDescription(
                status: 200, summary: "The node and the database work.", schema: schema("healthy", database: "up")),
            ReplyDescription(
                status: 503, summary: "The database is not reachable.", schema: schema("unhealthy", database: "down"),
                headers: ["Retry-After": "Seconds until the next try."]),
        ],
        server: .node { (_, services) throws(Problem) in
            .later { answer in
                services.queue.isDatabaseUp { isUp in
                    let body = JSONWriter.object { body in
                        body.member("status", isUp ? "healthy" : "unhealthy")
                        body.member("service", "api")
                        body.member("node", services.node)
                        body.member("database", isUp ? "up" : "down")
                    }
                    answer(
                        .success(APIResponse(isUp ? 200 : 503, body, headers: isUp ? [] : [.init("Retry-After", "2")])))
                }
            }
        })

    private static func schema(_ status: JSONValue, database: JSONValue) -> JSONValue {
        Schemas.object([
            "status": ["const": status], "service": ["const": "api"], "node": ["type": "string"],
            "database": ["const": database],
        ])
    }
}
