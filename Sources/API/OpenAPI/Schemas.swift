internal import JSON
internal import Tasks

/// JSON Schemas (2020-12) that more than one route uses.
enum Schemas {
    static let taskID: JSONValue = ["type": "string", "format": "uuid", "description": "A UUIDv7."]
    static let count: JSONValue = ["type": "integer", "minimum": 0]
    static let time: JSONValue = [
        "type": "string", "format": "date-time", "description": "RFC 3339 in UTC, with microseconds.",
    ]

    /// The schema of an object. The members in `members` are required, those in `optional` are not.
    static func object(_ members: [String: JSONValue], optional: [String: JSONValue] = [:]) -> JSONValue {
        [
            "type": "object", "properties": .object(members.merging(optional) { $1 }),
            "required": .array(members.keys.sorted().map(JSONValue.string)),
        ]
    }

    static func nullable(_ schema: JSONValue) -> JSONValue { ["oneOf": [schema, ["type": "null"]]] }

    /// A reference to a schema of ``components(_:)``.
    static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    /// The body of a hash route's `200`. Its result comes from the cache, or was computed while the request waited.
    static func hashResult(_ definition: TaskDefinition) -> JSONValue {
        let result = definition.resultSchema
        return [
            "oneOf": [
                object(["task_id": taskID, "result": result, "source": ["const": "cache"]]),
                [
                    "type": "object",
                    "properties": [
                        "task_id": taskID, "status": ["enum": ["completed", "failed", "cancelled"]],
                        "result": nullable(result), "error": ["type": "string"], "source": ["const": "computed"],
                    ],
                    "required": ["task_id", "status", "result", "source"],
                ],
            ]
        ]
    }

    static func components(_ types: TaskRegistry) -> JSONValue {
        [
            "Task": task(types), "TaskSubmission": ["oneOf": .array(types.all.map(submission))],
            "ComputedHash": computedHash(types), "Problem": problem,
        ]
    }

    /// The schema of a string that is one of these names.
    static func oneOf(_ names: [String]) -> JSONValue { ["enum": .array(names.map(JSONValue.string))] }

    private static func task(_ types: TaskRegistry) -> JSONValue {
        object([
            "id": taskID, "type": ["type": "string", "examples": .array(types.names.map(JSONValue.string))],
            "status": ["enum": ["queued", "processing", "completed", "failed", "cancelled"]],
            "result": nullable(["type": "object", "description": "Its schema depends on the task type."]),
            "error": nullable(["type": "string"]), "attempts": count, "created_at": time,
            "started_at": nullable(time), "completed_at": nullable(time),
        ])
    }

    private static func computedHash(_ types: TaskRegistry) -> JSONValue {
        object([
            "task_id": taskID, "type": oneOf(types.hashes.map(\.name)),
            "result": ["oneOf": .array(types.hashes.map(\.resultSchema))],
            "completed_at": time,
        ])
    }

    /// The schema of a submission of one task type. Its `type` has only one valid value. An optional member that is
    /// `null` counts as absent.
    private static func submission(_ definition: TaskDefinition) -> JSONValue {
        [
            "type": "object", "title": .string(definition.name), "description": .string(definition.summary),
            "properties": [
                "type": ["const": .string(definition.name)],
                "input": definition.inputSchema,
                "priority": [
                    "type": ["integer", "null"], "minimum": .integer(Int64(Int16.min)),
                    "maximum": .integer(Int64(Int16.max)),
                    "default": 0,
                    "description": "Tasks with a smaller value run sooner. One step counts as one minute of waiting.",
                ],
                "run_at": [
                    "type": ["string", "null"], "format": "date-time",
                    "description": "The task does not run before this time (RFC 3339).",
                ],
                "max_attempts": [
                    "type": ["integer", "null"], "minimum": .integer(Int64(TaskBatch.attempts.lowerBound)),
                    "maximum": .integer(Int64(TaskBatch.attempts.upperBound)), "default": 5,
                ],
            ],
            "required": ["type", "input"], "additionalProperties": false,
        ]
    }

    private static let problem: JSONValue = [
        "type": "object", "description": "A problem document (RFC 9457).",
        "properties": [
            "type": ["type": "string", "format": "uri-reference"], "title": ["type": "string"],
            "status": ["type": "integer"], "detail": ["type": "string"],
            "member": ["type": "string", "description": "The invalid member."],
            "index": ["type": "integer", "description": "The index of the invalid element if the body is an array."],
            "request_id": ["type": "string"],
        ],
        "required": ["type", "title", "status", "detail", "request_id"],
    ]
}

extension Parameter {
    static let taskID = Parameter(
        name: "id", location: .path, summary: "The task's id.", schema: Schemas.taskID)

    static let waiting = [
        Parameter(
            name: "wait", location: .query, summary: "Seconds to wait for the result. It overrides `Prefer`.",
            schema: [
                "type": "integer", "minimum": .integer(Int64(Wait.bounds.lowerBound)),
                "maximum": .integer(Int64(Wait.bounds.upperBound)),
            ]),
        Parameter(
            name: "Prefer", location: .header,
            summary: "`wait=N`: seconds to wait for the result (RFC 7240), at most 60.",
            schema: ["type": "string", "examples": ["wait=10"]]),
    ]
}
