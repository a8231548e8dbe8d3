internal import JSON

/// `GET /openapi.json`.
enum DocumentRoute {
    static let get = Route(
        method: .get, path: "/openapi.json", operation: "openapi",
        summary: "This document.",
        replies: [
            ReplyDescription(status: 200, summary: "OpenAPI 3.1.", schema: ["type": "object"])
        ],
        server: .node { (_, _) throws(Problem) in
            .now(Response(200, contentType: MediaType.json, body: bytes))
        })

    /// Made once, from the table.
    static let bytes = OpenAPIDocument.make(RouteTable.make()).serialized()
}
