internal import HTTPWire
internal import JSON

/// Serves the requests of one route.
/// - Throws: the problem with the request.
typealias Handler = @Sendable (APIRequest, Services) throws(Problem) -> Reply

/// A row of the route table. It serves requests, and it describes the call in `/openapi.json`.
struct Route: Sendable {
    /// Which process answers the call.
    enum Server: Sendable {
        case node(Handler)
        /// The balancer answers. The node only documents the call.
        case balancer
    }

    let method: HTTPMethod
    /// Literal segments. The last segment, or the one before it, may be a parameter in braces.
    let path: String
    /// The operation's name in generated clients (`operationId`).
    let operation: String
    let summary: String
    var description: String?
    var parameters: [Parameter] = []
    var body: BodyDescription?
    let replies: [ReplyDescription]
    /// Status codes of this call's problems, without those that every call has.
    var problems: [Int] = []
    let access: RouteAccess
    let server: Server

    var isAdministrative: Bool { access == .administrative }
}

/// Where a parameter is sent: OpenAPI's `in`.
enum ParameterLocation: String, Sendable {
    case path, query, header
}

struct Parameter: Sendable {
    let name: String
    let location: ParameterLocation
    let summary: String
    let schema: JSONValue
}

struct BodyDescription: Sendable {
    let schema: JSONValue
    let example: JSONValue
}

struct ReplyDescription: Sendable {
    let status: Int
    let summary: String
    let schema: JSONValue
    var contentType = MediaType.json
    /// Header names and their descriptions.
    var headers: [String: String] = [:]
}
