internal import HTTPWire
internal import JSON
internal import Queue
internal import Tasks

/// Why a request is refused, as the client is told (RFC 9457). Details are safe to show.
struct Problem: Error, Hashable {
    let status: Int
    let detail: String
    /// The member that is wrong, and its index where the body was an array.
    var member: String?
    var index: Int?
    var headers: [Response.Header] = []

    init(_ status: Int, _ detail: String, headers: [Response.Header] = []) {
        self.status = status
        self.detail = detail
        self.headers = headers
    }

    /// The `application/problem+json` document. The title is the status' own, and so the type is `about:blank`
    /// (RFC 9457, section 4.2.1).
    func response(requestID: String) -> Response {
        let document = JSONWriter.object { document in
            document.member("type", "about:blank")
            document.member("title", HTTPStatus.reason(status))
            document.member("status", status)
            document.member("detail", detail)
            if let member { document.member("member", member) }
            if let index { document.member("index", index) }
            document.member("request_id", requestID)
        }
        return Response(status, contentType: MediaType.problem, headers: headers, body: document.bytes)
    }
}

extension Problem {
    static let malformedJSON = Problem(400, "The body is not valid JSON.")
    static let unsupportedMediaType = Problem(
        415, "The body must be JSON: send it with Content-Type: application/json.")
    static let bodyTooLarge = Problem(413, "The body is larger than \(BodyLimit.bytes >> 20) MiB.")
    static let unknownPath = Problem(404, "There is nothing at this path. GET /openapi.json lists what there is.")
    static let unknownTask = Problem(404, "There is no task with this id.")
    static let internalError = Problem(500, "The server made a mistake; its log has this request id.")
    static let wrongLength = Problem(400, "The body's length is not what Content-Length says.")

    static func methodNotAllowed(_ allowed: String) -> Problem {
        Problem(405, "This path takes \(allowed).", headers: [.init("Allow", allowed)])
    }

    /// - Parameter index: of the element, where the body is an array.
    static func invalid(member: String, _ reason: String, index: Int? = nil) -> Problem {
        let place = index.map { "[\($0)]." } ?? ""
        var problem = Problem(422, "\(place)\(member) \(reason).")
        problem.member = member
        problem.index = index
        return problem
    }

    static func unavailable(_ detail: String, retryAfter seconds: Int) -> Problem {
        Problem(503, detail, headers: [.init("Retry-After", String(seconds))])
    }

    /// - Parameters:
    ///   - prefix: what comes before the member's name, where the input is itself a member.
    ///   - index: of the element, where the body is an array.
    init(_ error: InvalidInput, prefix: String = "", index: Int? = nil) {
        switch error {
        case .malformed: self = .malformedJSON
        case .notAnObject:
            self = .invalid(member: prefix.isEmpty ? "body" : "input", "must be a JSON object", index: index)
        case .invalid(let member, let reason): self = .invalid(member: prefix + member, reason, index: index)
        case .tooLarge(let member, let limit):
            let place = index.map { "[\($0)]." } ?? ""
            self.init(413, "\(place)\(prefix)\(member) is larger than \(limit) bytes.")
            self.member = prefix + member
            self.index = index
        }
    }
}

extension Problem {
    init(_ error: QueueError) {
        self =
            switch error {
            case .databaseUnavailable, .sessionLost:
                .unavailable("The database is out of reach. Nothing was stored.", retryAfter: 2)
            case .locked:
                .unavailable("Another process has this locked. Nothing was changed.", retryAfter: 1)
            case .outcomeUnknown:
                .unavailable(
                    "The database was lost while it stored the tasks. They may have been accepted.", retryAfter: 2)
            case .queueFull: .unavailable("The queue is full. Nothing was stored.", retryAfter: 5)
            case .keyUnderWay:
                Problem(
                    409, "The first request with this Idempotency-Key is under way.",
                    headers: [.init("Retry-After", "1")])
            case .keyOfAnotherRequest:
                .invalid(member: "Idempotency-Key", "was sent with another request")
            case .shuttingDown: .unavailable("This node is shutting down.", retryAfter: 1)
            case .internalError: .internalError
            }
    }
}

enum BodyLimit {
    /// The largest body that is taken.
    static let bytes = 16 << 20
}
