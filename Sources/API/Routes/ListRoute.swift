internal import HTTPWire
internal import JSON
internal import Queue
internal import Tasks

/// `GET /tasks`: a page of tasks, newest first.
enum ListRoute {
    static let limits = 1...1000
    static let defaultLimit = 100

    static func list(_ types: TaskRegistry) -> Route {
        Route(
            method: .get, path: "/tasks", operation: "list_tasks",
            summary: "A page of tasks, newest first.",
            parameters: [
                Parameter(
                    name: "status", location: .query, summary: "Only tasks with this status.",
                    schema: Schemas.oneOf(TaskStatus.allCases.map(\.rawValue))),
                Parameter(
                    name: "type", location: .query, summary: "Only tasks of this type.",
                    schema: Schemas.oneOf(types.names)),
                Parameter(
                    name: "limit", location: .query, summary: "Maximum number of tasks.",
                    schema: [
                        "type": "integer", "minimum": .integer(Int64(limits.lowerBound)),
                        "maximum": .integer(Int64(limits.upperBound)), "default": .integer(Int64(defaultLimit)),
                    ]),
                Parameter(
                    name: "after", location: .query, summary: "The last task id of the previous page.",
                    schema: Schemas.taskID),
            ],
            replies: [
                ReplyDescription(
                    status: 200, summary: "The tasks.", schema: ["type": "array", "items": Schemas.reference("Task")],
                    headers: ["Link": "`<…>; rel=\"next\"`, if there is another page (RFC 8288)."])
            ],
            problems: [422, 503], access: .scope(.list),
            server: .node { (request, services) throws(Problem) in
                let filter = try TaskFilter(request.query, types: services.types)
                return .blocking { page(filter, by: request.caller.visibility, from: services.queue) }
            })
    }

    /// The query parameters.
    struct TaskFilter: Sendable, Hashable {
        var status: TaskStatus?
        var type: String?
        var limit = defaultLimit
        var after: TaskID?

        init(_ query: Query, types: TaskRegistry) throws(Problem) {
            if let text = query.value("status") {
                guard let value = TaskStatus(rawValue: text) else {
                    let known = TaskStatus.allCases.map(\.rawValue).joined(separator: ", ")
                    throw .invalid(member: "status", "must be one of \(known)")
                }
                status = value
            }
            if let text = query.value("type") {
                guard types.definition(named: text) != nil else {
                    let known = types.names.joined(separator: ", ")
                    throw .invalid(member: "type", "must be one of \(known)")
                }
                type = text
            }
            if let text = query.value("limit") {
                guard let number = Int(text), limits.contains(number) else {
                    throw .invalid(
                        member: "limit", "must be an integer from \(limits.lowerBound) to \(limits.upperBound)")
                }
                limit = number
            }
            if let text = query.value("after") {
                guard let id = TaskID(text) else { throw .invalid(member: "after", "must be a task id") }
                after = id
            }
        }

        /// The URL of the next page, if this one ends with `last`.
        func next(after last: TaskID) -> String {
            let parts = [
                status.map { "status=\($0.rawValue)" }, type.map { "type=\($0)" }, "limit=\(limit)", "after=\(last)",
            ]
            return "/tasks?" + parts.compactMap { $0 }.joined(separator: "&")
        }
    }

    /// Fetches one row more than requested, to find out whether there is a next page.
    private static func page(_ filter: TaskFilter, by visibility: Visibility, from queue: QueueClient) -> Answer {
        let rows: [TaskRecord]
        do {
            rows = try queue.tasks(
                status: filter.status, type: filter.type, by: visibility, limit: filter.limit + 1, after: filter.after)
        } catch {
            return .failure(Problem(error))
        }
        let page = rows.prefix(filter.limit)
        let text = Array(page.map { TaskRoute.state($0).bytes }.joined(separator: Array(",".utf8)))
        var response = APIResponse(
            200, contentType: MediaType.json, body: [UInt8(ascii: "[")] + text + [UInt8(ascii: "]")])
        if rows.count > page.count, let last = page.last {
            response.headers.append(.init("Link", "<\(filter.next(after: last.id))>; rel=\"next\""))
        }
        return .success(response)
    }
}
