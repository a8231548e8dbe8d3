internal import HTTPWire
internal import JSON
internal import Queue
internal import Tasks

/// `POST /task/{id}/retry`.
enum RetryRoute {
    static let retry = Route(
        method: .post, path: "/task/{id}/retry", operation: "retry_task",
        summary: "Queues a failed or cancelled task again, with the same id and the same number of attempts.",
        description:
            "The server erases the input of a finished task. So send it again as `input`, unless the server "
            + "keeps it (`MILLRACE_KEEP_FAILED_INPUT`). After five wrong inputs the task cannot be retried any "
            + "more (`409`). A task that is queued or being processed does not change.",
        parameters: [.taskID],
        body: BodyDescription(
            schema: [
                "type": "object", "additionalProperties": false,
                "properties": [
                    "input": ["type": "object", "description": "The input that the task was submitted with."]
                ],
            ], example: ["input": ["string": "hello"]]),
        replies: [
            ReplyDescription(
                status: 202, summary: "The task is queued.", schema: Schemas.reference("Task"),
                headers: ["Location": "The path of the task."])
        ],
        problems: [400, 404, 409, 413, 415, 422, 503], access: .scope(.submit),
        server: .node { (request, services) throws(Problem) in
            let id = try TaskRoute.taskID(request)
            let input = try sentInput(request)
            return .blocking { answer(id, input, request.caller, services) }
        })

    /// The input in the body; `nil` if the body is empty.
    private static func sentInput(_ request: APIRequest) throws(Problem) -> JSONValue? {
        guard !request.body.isEmpty else { return nil }
        let body = try request.jsonBody()
        guard let sent = try? JSONValue(parsing: body) else { throw .malformedJSON }
        guard case .object(let members) = sent else { throw .invalid(member: "body", "must be a JSON object") }
        if let other = members.keys.first(where: { $0 != "input" }) {
            throw .invalid(member: String(other.prefix(100)), "is unknown; the only member is: input")
        }
        return members["input"]
    }

    private static func answer(
        _ id: TaskID, _ input: JSONValue?, _ caller: Caller, _ services: Services
    ) -> Answer {
        do {
            guard let task = try services.queue.lookUp(id, by: caller.visibility) else { return .failure(.unknownTask) }
            try caller.checkMaySubmit(task.type)
            let sent = try input.map { try prepared($0, type: task.type, services.types) }
            switch try services.queue.retry(task, as: sent) {
            case .queued(let task):
                return .success(APIResponse(202, TaskRoute.state(task), headers: [.init("Location", "/task/\(id)")]))
            case .isCompleted:
                return .failure(Problem(409, "The task is completed and cannot be retried."))
            case .needsInput:
                return .failure(
                    .invalid(member: "input", "is required, because it was erased when the task finished"))
            case .isOtherInput:
                return .failure(.invalid(member: "input", "must be the input that the task was submitted with"))
            case .takesNoInput:
                return .failure(
                    Problem(
                        409,
                        "The task got too many wrong inputs since it ended, and cannot be retried any more. Submit a "
                            + "new task."))
            case .unknown: return .failure(.unknownTask)
            }
        } catch let error as QueueError {
            return .failure(Problem(error))
        } catch {
            return .failure(error as? Problem ?? .internalError)
        }
    }

    private static func prepared(_ input: JSONValue, type: String, _ types: TaskRegistry) throws(Problem)
        -> PreparedTask
    {
        guard let definition = types.definition(named: type) else {
            throw Problem(409, "This node does not know the type \(type).")
        }
        do {
            return try definition.prepare(input)
        } catch {
            throw Problem(error, prefix: "input.")
        }
    }
}
