internal import JSON

/// Answers one kind of request, or says what is wrong with it.
typealias Handler = @Sendable (Request, Services) throws(Problem) -> Reply

/// One line of the table that both serves requests and describes the API in `/openapi.json`.
struct Route: Sendable {
    enum Method: String, Sendable, Hashable {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
    }

    /// Who answers.
    enum Server: Sendable {
        case node(Handler)
        /// The balancer: the node only documents it.
        case balancer
    }

    let method: Method
    /// Literal segments; the last one, or the one before it, may be a parameter in braces.
    let path: String
    /// Names the operation for programs that are generated from the document.
    let operation: String
    let summary: String
    var description: String?
    var parameters: [Parameter] = []
    var body: BodyDescription?
    let replies: [ReplyDescription]
    /// Status codes of the problems it can answer beside those that any call can.
    var problems: [Int] = []
    var isAdministrative = false
    let server: Server
}

struct Parameter: Sendable {
    enum Place: String, Sendable {
        case path, query, header
    }

    let name: String
    let place: Place
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
    /// Header names and what they say.
    var headers: [String: String] = [:]
}
