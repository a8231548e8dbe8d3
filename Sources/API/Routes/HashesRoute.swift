internal import JSON
internal import Queue
internal import Tasks

/// `GET /hashes`: a page where a limit is given, else everything, as a stream.
enum HashesRoute {
    /// The most rows of one page: a page is held in memory, so that its `Link` is known before its first row is sent.
    static let largestPage = 10_000

    static func list(_ types: TaskRegistry) -> Route {
        Route(
            method: .get, path: "/hashes", operation: "list_hashes",
            summary: "All computed hashes, newest first.",
            description: "With `limit`, one page, and a `Link` to the next one; without, everything, streamed.",
            parameters: [
                Parameter(
                    name: "type", place: .query, summary: "Only hashes of this type.",
                    schema: Schemas.oneOf(types.hashes.map(\.name))),
                Parameter(
                    name: "limit", place: .query, summary: "How many hashes at most.",
                    schema: ["type": "integer", "minimum": 1, "maximum": .integer(Int64(largestPage))]),
                Parameter(
                    name: "after", place: .query, summary: "The last task id of the page before.",
                    schema: Schemas.taskID),
            ],
            replies: [
                ReplyDescription(
                    status: 200, summary: "The hashes.",
                    schema: ["type": "array", "items": Schemas.reference("ComputedHash")],
                    headers: ["Link": "`<…>; rel=\"next\"`, where there is a next page (RFC 8288)."])
            ],
            problems: [422, 503],
            server: .node { (request, services) throws(Problem) in
                let selection = try Selection(request.query, hashes: services.types.hashes.map(\.name))
                let queue = services.queue
                guard let limit = selection.limit else {
                    let head = Response(200, contentType: MediaType.json, body: [])
                    return .stream(head) { write in try stream(selection, from: queue, write) }
                }
                return .blocking { page(selection, limit: limit, from: queue) }
            })
    }

    /// What is asked for.
    struct Selection: Sendable, Hashable {
        /// All hashes, or the one that is asked for.
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
                guard let number = Int(text), (1...largestPage).contains(number) else {
                    throw .invalid(member: "limit", "must be an integer from 1 to \(largestPage)")
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
            let parts = [type.map { "type=\($0)" }, limit.map { "limit=\($0)" }, "after=\(last)"]
            return "/hashes?" + parts.compactMap { $0 }.joined(separator: "&")
        }
    }

    /// One row more than asked for is fetched: it tells whether there is a next page.
    private static func page(_ selection: Selection, limit: Int, from queue: QueueClient) -> Answer {
        var rows: [UInt8] = [UInt8(ascii: "[")]
        var count = 0
        var last: TaskID?
        var hasNext = false
        do {
            try queue.streamHashes(types: selection.types, limit: limit + 1, after: selection.after) { row in
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
        var response = Response(200, contentType: MediaType.json, body: rows)
        if hasNext, let last {
            response.headers.append(.init("Link", "<\(selection.next(after: last))>; rel=\"next\""))
        }
        return .success(response)
    }

    private static func stream(
        _ selection: Selection, from queue: QueueClient, _ write: (borrowing [UInt8]) throws(ClientGone) -> Void
    ) throws {
        var isFirst = true
        do {
            try queue.streamHashes(types: selection.types, limit: nil, after: selection.after) { row in
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
