internal import JSON
internal import Queue

/// One HTTP request, as a web server hands it over in CGI's terms (RFC 3875), with its body read to the end.
struct Request: Sendable {
    var method: String
    /// Still percent-encoded, without the query.
    var path: String
    var query: Query
    var contentType: String?
    var body: [UInt8]
    var prefer: String?
    var authorization: String?
    var host: String?
    var origin: String?
    var idempotencyKey: String?
    /// The web server's name for it, whichever node it is given to.
    var name: RequestKey?
    /// The client's address, as the web server tells it.
    var remoteAddress: String
    /// The client's own `X-Request-Id` if it is sane, else one of ours.
    var id: String
    /// What the path pattern's `{…}` stands for in this request.
    var pathParameter = ""

    init(_ environment: CGIEnvironment, body: [UInt8]) {
        let (path, query) = environment.target
        method = environment.method
        self.path = path
        self.query = Query(query)
        contentType = environment.contentType
        self.body = body
        prefer = environment.prefer
        authorization = environment.authorization
        host = environment.host
        origin = environment.origin
        idempotencyKey = environment.idempotencyKey
        name = environment.requestKey.flatMap { RequestKey($0) }
        remoteAddress = environment.remoteAddress
        id = environment.requestID.flatMap(RequestID.accepted) ?? RequestID.next()
    }
}

extension Request {
    /// The body, if it is declared to be JSON. One that is not declared may come from any web page, unasked.
    func jsonBody() throws(Problem) -> [UInt8] {
        guard let contentType, JSON.isMediaType(contentType) else { throw .unsupportedMediaType }
        return body
    }
}
