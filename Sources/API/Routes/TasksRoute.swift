internal import HTTPWire
internal import JSON
internal import Queue
internal import Tasks

/// `POST /tasks`: one or many tasks of any type. Either all are accepted or none.
enum TasksRoute {
    static let submit = Route(
        method: .post, path: "/tasks", operation: "submit_tasks",
        summary: "Submits one task, or an array of up to 10,000 tasks in one transaction: all are accepted, or none.",
        parameters: [.idempotencyKey],
        body: BodyDescription(
            schema: [
                "oneOf": [
                    Schemas.reference("TaskSubmission"),
                    [
                        "type": "array", "items": Schemas.reference("TaskSubmission"), "minItems": 1,
                        "maxItems": .integer(Int64(TaskBatch.maxTasks)),
                    ],
                ]
            ],
            example: [
                ["type": "sha256", "input": ["string": "hello"]],
                ["type": "primes", "input": ["below": 1000], "priority": 10],
            ]),
        replies: [
            ReplyDescription(
                status: 202, summary: "All tasks are accepted. They are listed in the order of the request.",
                schema: Schemas.object([
                    "tasks": [
                        "type": "array",
                        "items": Schemas.object([
                            "task_id": Schemas.taskID,
                            "status": [
                                "enum": ["queued", "completed"],
                                "description": "`completed` if the cache had the result.",
                            ],
                        ]),
                    ]
                ]))
        ],
        problems: [400, 409, 413, 415, 422, 503], access: .scope(.submit),
        server: .node { (request, services) throws(Problem) in
            let batch = try TaskBatch.parse(try request.jsonBody(), types: services.types)
            for submission in batch.submissions { try request.caller.checkMaySubmit(submission.task.type) }
            let submissions = request.identified(batch.submissions)
            let key = try request.submissionKey()
            return .later { answer in
                services.queue.submit(submissions, wait: nil, key: key) { result in
                    answer(result.mapError { Problem($0) }.map { APIResponse(202, accepted($0)) })
                }
            }
        })

    private static func accepted(_ outcomes: [SubmissionOutcome]) -> JSONWriter {
        var body = JSONWriter(capacity: 64 + 80 * outcomes.count)
        body.object { body in
            body.array("tasks") { tasks in
                for outcome in outcomes {
                    let (id, status) = state(outcome)
                    tasks.object { task in
                        task.member("task_id", id.description)
                        task.member("status", status.rawValue)
                    }
                }
            }
        }
        return body
    }

    private static func state(_ outcome: SubmissionOutcome) -> (TaskID, TaskStatus) {
        switch outcome {
        case .queued(let id), .repeated(let id): (id, .queued)
        case .cached(let id, _): (id, .completed)
        case .finished(let task): (task.id, task.status)
        }
    }
}
