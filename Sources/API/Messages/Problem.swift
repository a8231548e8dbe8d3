internal import HTTPWire
internal import JSON
internal import Queue
internal import Tasks

/// An error response (RFC 9457). Its detail is safe to show to a client.
struct Problem: Error, Hashable {
    let status: Int
    let detail: String
    /// The invalid member of the input.
    var member: String?
    /// The index of the invalid element if the body is an array.
    var index: Int?
    var headers: [APIResponse.Header] = []

    init(_ status: Int, _ detail: String, headers: [APIResponse.Header] = []) {
        self.status = status
        self.detail = detail
        self.headers = headers
    }

    /// The `application/problem+json` document. Its title is the reason phrase of the status code, as the type
    /// `about:blank` requires (RFC 9457, section 4.2.1).
    func response(requestID: String) -> APIResponse {
        let document = JSONWriter.object { document in
            document.member("type", "about:blank")
            document.member("title", HTTPStatus.reason(status))
            document.member("status", status)
            document.member("detail", detail)
            if let member { document.member("member", member) }
            if let index { document.member("index", index) }
            document.member("request_id", requestID)
        }
        return APIResponse(status, contentType: MediaType.problem, headers: headers, body: document.bytes)
    }
}

extension Problem {
    static let malformedJSON = Problem(400, "The body is not valid JSON.")
    static let unsupportedMediaType = Problem(
        415, "The body must be JSON: send it with Content-Type: application/json.")
    static let bodyTooLarge = Problem(413, "The body is larger than \(BodyLimit.bytes >> 20) MiB.")
    static let unknownPath = Problem(404, "There is nothing at this path. GET /openapi.json lists all calls.")
    static let unknownTask = Problem(404, "There is no task with this id.")
    static let internalError = Problem(500, "Internal error. The server's log has the reason under this request id.")
    static let wrongLength = Problem(400, "The length of the body differs from Content-Length.")

    static func methodNotAllowed(_ allowed: String) -> Problem {
        Problem(405, "This path accepts \(allowed).", headers: [.init("Allow", allowed)])
    }

    /// - Parameter index: the index of the invalid element if the body is an array.
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
    ///   - prefix: the path to the input inside the body, for example `input.`.
    ///   - index: the index of the invalid element if the body is an array.
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
                .unavailable("The database is not reachable. Nothing was stored.", retryAfter: 2)
            case .schemaUnfit(let advice):
                .unavailable(
                    "\(advice.prefix(1).uppercased())\(advice.dropFirst()). Nothing was stored.", retryAfter: 5)
            case .locked:
                .unavailable(
                    "Another transaction holds a lock that this request needs. Nothing was changed.", retryAfter: 1)
            case .outcomeUnknown:
                .unavailable(
                    "The database did not confirm the commit. The tasks may have been accepted: send the request again "
                        + "with the same Idempotency-Key.", retryAfter: 2)
            case .queueFull: .unavailable("The queue is full. Nothing was stored.", retryAfter: 5)
            case .keyUnderWay:
                Problem(
                    409, "The first request with this Idempotency-Key is still in progress.",
                    headers: [.init("Retry-After", "1")])
            case .keyOfAnotherRequest:
                .invalid(member: "Idempotency-Key", "was already used for a different request")
            case .shuttingDown: .unavailable("This node is shutting down.", retryAfter: 1)
            case .internalError: .internalError
            }
    }
}

enum BodyLimit {
    /// Maximum size of a request body.
    static let bytes = 16 << 20
}
