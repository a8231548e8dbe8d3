internal import HTTPWire
internal import JSON
internal import Queue
internal import Tasks

/// `POST /hash/<name>`: one route for each task type that is a hash.
enum HashRoute {
    static func submit(_ definition: TaskDefinition) -> Route {
        let message = queuedMessage(definition)
        return Route(
            method: .post, path: "/hash/\(definition.name)", operation: "hash_\(definition.name)",
            summary: definition.summary,
            description: "Queues the computation, or answers from the cache. With `Prefer: wait=N` or `?wait=N` the "
                + "server waits up to N seconds for the result before it answers.",
            parameters: Parameter.waiting + [.idempotencyKey],
            body: BodyDescription(schema: definition.inputSchema, example: definition.exampleInput),
            replies: [
                ReplyDescription(
                    status: 200, summary: "The result: from the cache, or computed while the request waited.",
                    schema: Schemas.hashResult(definition),
                    headers: ["Preference-Applied": "`wait=N`, if the server waited for the result."]),
                ReplyDescription(
                    status: 202, summary: "The task is stored on disk and will run.",
                    schema: Schemas.object(
                        [
                            "task_id": Schemas.taskID, "status": ["const": "queued"],
                            "message": ["const": .string(message)],
                        ]),
                    headers: ["Location": "The path of the task."]),
            ],
            problems: [400, 409, 413, 415, 422, 503], access: .scope(.submit),
            server: .node { (request, services) throws(Problem) in
                let wait = try Wait(request)
                try request.caller.checkMaySubmit(definition.name)
                let task = try prepared(definition, try request.jsonBody())
                let submissions = request.identified([Submission(task: task)])
                let key = try request.submissionKey()
                return .later { answer in
                    services.queue.submit(submissions, wait: wait?.duration, key: key) { result in
                        answer(answered(result, wait: wait, message: message))
                    }
                }
            })
    }

    static func queuedMessage(_ definition: TaskDefinition) -> String {
        "\(definition.name.uppercased()) calculation queued"
    }

    static func prepared(_ definition: TaskDefinition, _ body: [UInt8]) throws(Problem) -> PreparedTask {
        do {
            return try definition.prepare(body)
        } catch {
            throw Problem(error)
        }
    }

    private static func answered(
        _ result: Result<[SubmissionOutcome], QueueError>, wait: Wait?, message: String
    ) -> Answer {
        switch result {
        case .failure(let error): .failure(Problem(error))
        case .success(let outcomes):
            outcomes.first.map { .success(response($0, wait: wait, message: message)) } ?? .failure(.internalError)
        }
    }

    static func response(_ outcome: SubmissionOutcome, wait: Wait?, message: String) -> APIResponse {
        switch outcome {
        case .queued(let id), .repeated(let id):
            let body = JSONWriter.object { body in
                body.member("task_id", id.description)
                body.member("status", TaskStatus.queued.rawValue)
                body.member("message", message)
            }
            return APIResponse(202, body, headers: [.init("Location", "/task/\(id)")])
        case .cached(let id, let result):
            let body = JSONWriter.object { body in
                body.member("task_id", id.description)
                body.member("result", json: result)
                body.member("source", "cache")
            }
            return APIResponse(200, body)
        case .finished(let task):
            let body = JSONWriter.object { body in
                body.member("task_id", task.id.description)
                body.member("status", task.status.rawValue)
                body.member("result", json: task.result)
                if let error = task.error { body.member("error", error) }
                body.member("source", "computed")
            }
            return APIResponse(200, body, headers: wait.map { [.init("Preference-Applied", $0.applied)] } ?? [])
        }
    }
}
