internal import JSON
internal import Queue

/// `GET /health`.
enum HealthRoute {
    static let get = Route(
        method: .get, path: "/health", operation: "health",
        summary: "Whether this node and its database work.",
        replies: [
            ReplyDescription(status: 200, summary: "All is well.", schema: schema("healthy", database: "up")),
            ReplyDescription(
                status: 503, summary: "The database is out of reach.", schema: schema("unhealthy", database: "down"),
                headers: ["Retry-After": "Seconds."]),
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
                        .success(Response(isUp ? 200 : 503, body, headers: isUp ? [] : [.init("Retry-After", "2")])))
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
