internal import JSON
internal import Queue

/// One HTTP request, as a web server passes it on with CGI variables (RFC 3875). Its body is complete.
struct APIRequest: Sendable {
    var method: String
    /// The path without the query, still percent-encoded.
    var path: String
    var query: Query
    var contentType: String?
    var body: [UInt8]
    var prefer: String?
    var authorization: String?
    var idempotencyKey: String?
    /// The id that the balancer gave the request. It stays the same when the balancer sends the request to another
    /// node.
    var name: RequestKey?
    /// The client's address, as reported by the web server.
    var remoteAddress: String
    /// The client's `X-Request-Id` if it is valid (``RequestID/accepted(_:)``), otherwise a new id.
    var id: String
    /// The value of the path parameter: the segment that matched `{…}` in the route's path.
    var pathParameter = ""
    /// Who sends the request.
    var caller = Caller.anonymous

    init(_ environment: CGIEnvironment, body: [UInt8]) {
        let (path, query) = environment.target
        method = environment.method
        self.path = path
        self.query = Query(query)
        contentType = environment.contentType
        self.body = body
        prefer = environment.prefer
        authorization = environment.authorization
        idempotencyKey = environment.idempotencyKey
        name = environment.requestKey.flatMap { RequestKey($0) }
        remoteAddress = environment.remoteAddress
        id = environment.requestID.flatMap(RequestID.accepted) ?? RequestID.next()
    }
}

extension APIRequest {
    /// The body, if its `Content-Type` is JSON.
    ///
    /// Other types are refused because a browser sends them from any web page without a CORS preflight.
    func jsonBody() throws(Problem) -> [UInt8] {
        guard let contentType, JSON.isMediaType(contentType) else { throw .unsupportedMediaType }
        return body
    }
}
