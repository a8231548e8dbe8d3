internal import HTTPWire
internal import JSON
internal import Queue

/// `GET` and `DELETE /task/{id}`.
enum TaskRoute {
    static let get = Route(
        method: .get, path: "/task/{id}", operation: "get_task",
        summary: "The state of a task and its result.",
        parameters: [.taskID] + Parameter.waiting,
        replies: [
            ReplyDescription(
                status: 200, summary: "The task.", schema: Schemas.reference("Task"),
                headers: ["Preference-Applied": "`wait=N`, if the server waited and the task is finished."])
        ],
        problems: [400, 404, 422, 503], access: .scope(.read),
        server: .node { (request, services) throws(Problem) in
            let id = try taskID(request)
            let wait = try Wait(request)
            return .later { answer in
                services.queue.task(id, by: request.caller.visibility, wait: wait?.duration) { result in
                    switch result {
                    case .failure(let error): answer(.failure(Problem(error)))
                    case .success(nil): answer(.failure(.unknownTask))
                    case .success(let task?):
                        var response = APIResponse(200, state(task))
                        if let wait, task.status.isFinished {
                            response.headers.append(.init("Preference-Applied", wait.applied))
                        }
                        answer(.success(response))
                    }
                }
            }
        })

    static let cancel = Route(
        method: .delete, path: "/task/{id}", operation: "cancel_task",
        summary: "Cancels a task that is not finished.",
        description:
            "Identical submissions share one task. The task is cancelled when each submission has been cancelled. "
            + "Until then it goes on, and `shared_with` is the number of remaining submissions. Repeated requests with "
            + "the same `Idempotency-Key` count once.",
        parameters: [.taskID, .idempotencyKey],
        replies: [
            ReplyDescription(
                status: 200, summary: "The task is cancelled, or goes on for other submissions.",
                schema: ["allOf": [Schemas.reference("Task"), Schemas.object(["shared_with": Schemas.count])]])
        ],
        problems: [400, 404, 409, 503], access: .scope(.cancel),
        server: .node { (request, services) throws(Problem) in
            let id = try taskID(request)
            let canceller = try request.canceller()
            return .later { answer in
                services.queue.cancel(id, by: request.caller.visibility, canceller: canceller) { result in
                    switch result {
                    case .failure(let error): answer(.failure(Problem(error)))
                    case .success(.unknown): answer(.failure(.unknownTask))
                    case .success(.alreadyFinished(let task)):
                        answer(.failure(Problem(409, "The task is already finished: it is \(task.status.rawValue).")))
                    case .success(.cancelled(let task)):
                        answer(.success(APIResponse(200, state(task, sharedWith: 0))))
                    case .success(.shared(let task, let others)):
                        answer(.success(APIResponse(200, state(task, sharedWith: others))))
                    }
                }
            }
        })

    static func taskID(_ request: APIRequest) throws(Problem) -> TaskID {
        guard let id = TaskID(request.pathParameter) else {
            throw Problem(400, "The task id is not a UUID.")
        }
        return id
    }

    /// - Parameter others: the value of `shared_with`; `nil` leaves the member out.
    static func state(_ task: TaskRecord, sharedWith others: Int? = nil) -> JSONWriter {
        .object { body in
            body.member("id", task.id.description)
            body.member("type", task.type)
            body.member("status", task.status.rawValue)
            body.member("result", json: task.result)
            body.member("error", task.error)
            body.member("attempts", task.attempts)
            body.member("created_at", task.createdAt.description)
            body.member("started_at", task.startedAt?.description)
            body.member("completed_at", task.completedAt?.description)
            if let others { body.member("shared_with", others) }
        }
    }
}
