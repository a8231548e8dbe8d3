internal import JSON
internal import Queue
internal import Tasks

/// `GET /tasks`: a page of tasks, newest first.
enum ListRoute {
    static let limits = 1...1000
    static let usualLimit = 100

    static func list(_ types: TaskRegistry) -> Route {
        Route(
            method: .get, path: "/tasks", operation: "list_tasks",
            summary: "Tasks, newest first, a page at a time.",
            parameters: [
                Parameter(
                    name: "status", place: .query, summary: "Only tasks of this status.",
                    schema: Schemas.oneOf(TaskStatus.allCases.map(\.rawValue))),
                Parameter(
                    name: "type", place: .query, summary: "Only tasks of this type.",
                    schema: Schemas.oneOf(types.names)),
                Parameter(
                    name: "limit", place: .query, summary: "How many tasks at most.",
                    schema: [
                        "type": "integer", "minimum": .integer(Int64(limits.lowerBound)),
                        "maximum": .integer(Int64(limits.upperBound)), "default": .integer(Int64(usualLimit)),
                    ]),
                Parameter(
                    name: "after", place: .query, summary: "The last task id of the page before.",
                    schema: Schemas.taskID),
            ],
            replies: [
                ReplyDescription(
                    status: 200, summary: "The tasks.", schema: ["type": "array", "items": Schemas.reference("Task")],
                    headers: ["Link": "`<…>; rel=\"next\"`, where there is a next page (RFC 8288)."])
            ],
            problems: [422, 503],
            server: .node { (request, services) throws(Problem) in
                let selection = try Selection(request.query, types: services.types)
                return .blocking { page(selection, from: services.queue) }
            })
    }

    /// What is asked for.
    struct Selection: Sendable, Hashable {
        var status: TaskStatus?
        var type: String?
        var limit = usualLimit
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

        /// The URL of the page that follows the one that ends with `last`.
        func next(after last: TaskID) -> String {
            let parts = [
                status.map { "status=\($0.rawValue)" }, type.map { "type=\($0)" }, "limit=\(limit)", "after=\(last)",
            ]
            return "/tasks?" + parts.compactMap { $0 }.joined(separator: "&")
        }
    }

    /// One row more than asked for is fetched: it tells whether there is a next page.
    private static func page(_ selection: Selection, from queue: QueueClient) -> Answer {
        let rows: [TaskRecord]
        do {
            rows = try queue.tasks(
                status: selection.status, type: selection.type, limit: selection.limit + 1, after: selection.after)
        } catch {
            return .failure(Problem(error))
        }
        let page = rows.prefix(selection.limit)
        let text = Array(page.map { TaskRoute.state($0).bytes }.joined(separator: Array(",".utf8)))
        var response = Response(
            200, contentType: MediaType.json, body: [UInt8(ascii: "[")] + text + [UInt8(ascii: "]")])
        if rows.count > page.count, let last = page.last {
            response.headers.append(.init("Link", "<\(selection.next(after: last.id))>; rel=\"next\""))
        }
        return .success(response)
    }
}
