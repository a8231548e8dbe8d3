internal import Reactor

/// What the responder needs to know about a request until its response is written.
struct RequestContext: Sendable {
    let requestID: String
    /// Whether only the head of the response is sent.
    let isHead: Bool
    /// The index in the route table; `nil` if no route matched.
    let route: Int?
    let start: MonotonicTime
}

extension RequestContext {
    init(_ request: APIRequest, route: Int?, start: MonotonicTime) {
        self.init(requestID: request.id, isHead: request.method == "HEAD", route: route, start: start)
    }
}
