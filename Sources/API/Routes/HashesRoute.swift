internal import HTTPWire
internal import JSON
internal import Queue
internal import Tasks

/// `GET /hashes`: one page if a limit is given, otherwise all hashes as a stream.
enum HashesRoute {
    /// Maximum rows of a page. A page is built in memory, because its `Link` header is sent before its first row.
    static let maxPageSize = 10_000

    static func list(_ types: TaskRegistry) -> Route {
        Route(
            method: .get, path: "/hashes", operation: "list_hashes",
            summary: "All computed hashes, newest first.",
            description: "With `limit`: one page with a `Link` to the next. Without `limit`: all hashes, streamed.",
            parameters: [
                Parameter(
                    name: "type", location: .query, summary: "Only hashes of this type.",
                    schema: Schemas.oneOf(types.hashes.map(\.name))),
                Parameter(
                    name: "limit", location: .query, summary: "Maximum number of hashes.",
                    schema: ["type": "integer", "minimum": 1, "maximum": .integer(Int64(maxPageSize))]),
                Parameter(
                    name: "after", location: .query, summary: "The last task id of the previous page.",
                    schema: Schemas.taskID),
            ],
            replies: [
                ReplyDescription(
                    status: 200, summary: "The hashes.",
                    schema: ["type": "array", "items": Schemas.reference("ComputedHash")],
                    headers: ["Link": "`<…>; rel=\"next\"`, if there is another page (RFC 8288)."])
            ],
            problems: [422, 503], access: .scope(.list),
            server: .node { (request, services) throws(Problem) in
                let filter = try HashFilter(request.query, hashes: services.types.hashes.map(\.name))
                let queue = services.queue
                let visibility = request.caller.visibility
                guard let limit = filter.limit else {
                    let head = APIResponse(200, contentType: MediaType.json, body: [])
                    return .stream(head) { write in try stream(filter, by: visibility, from: queue, write) }
                }
                return .blocking { page(filter, limit: limit, by: visibility, from: queue) }
            })
    }

    /// The query parameters.
    struct HashFilter: Sendable, Hashable {
        /// The requested type, or all hash types.
        var types: [String]
        var type: String?
        var limit: Int?
        var after: TaskID?

        init(_ query: Query, hashes: [String]) throws(Problem) {
            types = hashes
            if let text = query.value("type") {
                guard hashes.contains(text) else {
                    throw .invalid(member: "type", "must be one of \(hashes.joined(separator: ", "))")
                }
                types = [text]
                type = text
            }
            if let text = query.value("limit") {
                guard let number = Int(text), (1...maxPageSize).contains(number) else {
                    throw .invalid(member: "limit", "must be an integer from 1 to \(maxPageSize)")
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
            let parts = [type.map { "type=\($0)" }, limit.map { "limit=\($0)" }, "after=\(last)"]
            return "/hashes?" + parts.compactMap { $0 }.joined(separator: "&")
        }
    }

    /// Fetches one row more than requested, to find out whether there is a next page.
    private static func page(
        _ filter: HashFilter, limit: Int, by visibility: Visibility, from queue: QueueClient
    ) -> Answer {
        var rows: [UInt8] = [UInt8(ascii: "[")]
        var count = 0
        var last: TaskID?
        var hasNext = false
        do {
            try queue.streamHashes(
                types: filter.types, by: visibility, limit: limit + 1, after: filter.after
            ) { row in
                guard count < limit else {
                    hasNext = true
                    return
                }
                if count > 0 { rows.append(UInt8(ascii: ",")) }
                rows.append(contentsOf: text(row))
                count += 1
                last = row.id
            }
        } catch {
            return .failure(Problem(error))
        }
        rows.append(UInt8(ascii: "]"))
        var response = APIResponse(200, contentType: MediaType.json, body: rows)
        if hasNext, let last {
            response.headers.append(.init("Link", "<\(filter.next(after: last))>; rel=\"next\""))
        }
        return .success(response)
    }

    private static func stream(
        _ filter: HashFilter, by visibility: Visibility, from queue: QueueClient,
        _ write: (borrowing [UInt8]) throws(ClientGone) -> Void
    ) throws {
        var isFirst = true
        do {
            try queue.streamHashes(types: filter.types, by: visibility, limit: nil, after: filter.after) { row in
                try write(Array((isFirst ? "[\n" : ",\n").utf8) + text(row))
                isFirst = false
            }
        } catch {
            throw Problem(error)
        }
        try write(Array((isFirst ? "[]" : "\n]").utf8))
    }

    private static func text(_ row: HashRow) -> [UInt8] {
        JSONWriter.object { body in
            body.member("task_id", row.id.description)
            body.member("type", row.type)
            body.member("result", json: row.result)
            body.member("completed_at", row.completedAt.description)
        }.bytes
    }
}
