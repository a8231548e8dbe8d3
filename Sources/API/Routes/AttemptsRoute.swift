internal import HTTPWire
internal import JSON
internal import Queue

/// `GET /task/{id}/attempts`.
enum AttemptsRoute {
    static let list = Route(
        method: .get, path: "/task/{id}/attempts", operation: "list_attempts",
        summary: "The attempts of a task and their outcomes, oldest first.",
        description:
            "If a worker is lost while it runs several tasks, their attempts do not count: the next attempt of "
            + "each has the same number.",
        parameters: [.taskID],
        replies: [
            ReplyDescription(
                status: 200, summary: "The attempts. An attempt in progress comes last.",
                schema: Schemas.object(["id": Schemas.taskID, "attempts": ["type": "array", "items": attempt]]))
        ],
        problems: [400, 404, 503], access: .scope(.read),
        server: .node { (request, services) throws(Problem) in
            let id = try TaskRoute.taskID(request)
            return .blocking {
                do throws(QueueError) {
                    guard let attempts = try services.queue.attempts(of: id, by: request.caller.visibility) else {
                        return .failure(.unknownTask)
                    }
                    let body = JSONWriter.object { body in
                        body.member("id", id.description)
                        body.member("attempts", json: attempts)
                    }
                    return .success(APIResponse(200, body))
                } catch {
                    return .failure(Problem(error))
                }
            }
        })

    private static let attempt = Schemas.object([
        "attempt": ["type": "integer", "minimum": 1],
        "outcome": ["enum": ["processing", "completed", "failed", "lost", "cancelled"]],
        "worker": Schemas.nullable(["type": "string", "description": "The name of the worker that ran it."]),
        "started_at": Schemas.nullable(Schemas.time), "ended_at": Schemas.nullable(Schemas.time),
        "error": Schemas.nullable(["type": "string"]),
    ])
}
