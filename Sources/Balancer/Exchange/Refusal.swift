internal import Balancing
internal import HTTPWire

/// Why the balancer itself answers a request.
enum Refusal {
    case malformed(HTTPError)
    case bodyTooLarge
    case notFound
    /// `deny`.
    case denied
    /// A status of at least 400 that the configuration sets, or that says why a file cannot be sent.
    case configured(Int)
    /// A range that a file of this length does not have.
    case unsatisfiable(length: Int)
    case headerTimeout
    case bodyTimeout
    case rateLimited(Int, limitIndex: Int, RequestBudget)
    /// `limit_conn`.
    case tooManyConnections(Int)
    case upstream(UpstreamMachine.GatewayError)

    var status: Int {
        switch self {
        case .malformed(let error): error.status
        case .bodyTooLarge: 413
        case .notFound: 404
        case .denied: 403
        case .configured(let status), .rateLimited(let status, _, _), .tooManyConnections(let status): status
        case .unsatisfiable: 416
        case .headerTimeout, .bodyTimeout: 408
        case .upstream(let refusal): refusal.rawValue
        }
    }

    /// The text for the client.
    var detail: String {
        switch self {
        case .malformed(let error): "\(error)."
        // The text does not name the balancer's limit: a node's own limit is lower, and users should know the node's
        // limit (see millrace.conf).
        case .bodyTooLarge: "The body is larger than this server takes."
        case .notFound: "There is nothing at this path."
        case .denied: "This client may not call this path."
        case .configured: "The server's configuration answers with this status here."
        case .unsatisfiable: "The file does not have this range."
        case .headerTimeout: "The request's header did not arrive in time."
        case .bodyTimeout: "The request's body did not arrive in time."
        case .rateLimited(_, _, let budget):
            "This client may send \(budget.limit) requests at once, and as many more in \(budget.windowSeconds) seconds."
        case .tooManyConnections: "This client has too many requests under way."
        case .upstream(.badGateway): "No node could be reached, or none gave a proper answer."
        case .upstream(.gatewayTimeout): "The node did not answer in time."
        case .upstream(.busy): "Every node is busy."
        }
    }

    /// Whether the connection must be closed, because the end of the request is unknown.
    var endsConnection: Bool {
        switch self {
        case .malformed, .bodyTooLarge, .headerTimeout, .bodyTimeout: true
        default: false
        }
    }

    /// - Parameter limitNames: The names of the location's limits.
    func fields(_ limitNames: [String]) -> [(StaticString, String)] {
        switch self {
        case .malformed(.methodRefused): [("Allow", HTTPMethod.allowed)]
        case .unsatisfiable(let length): [("Content-Range", "bytes */\(length)")]
        case .rateLimited(_, let index, let budget): Self.fields(of: budget, policy: limitNames[index])
        case .tooManyConnections, .upstream(.busy): [("Retry-After", "1")]
        // A killed node is back after a second or two.
        case .upstream(.badGateway): [("Retry-After", "2")]
        default: []
        }
    }

    /// `Retry-After`, and the headers of draft-ietf-httpapi-ratelimit-headers. `r` is the number of requests that are
    /// left, and `t` is the time until there are more. A refused client has none left, so `t` is the time in
    /// `Retry-After`.
    private static func fields(of budget: RequestBudget, policy name: String) -> [(StaticString, String)] {
        [
            ("Retry-After", "\(budget.retrySeconds)"),
            ("RateLimit-Policy", "\"\(name)\";q=\(budget.limit);w=\(budget.windowSeconds)"),
            ("RateLimit", "\"\(name)\";r=\(budget.remaining);t=\(budget.retrySeconds)"),
        ]
    }
}
