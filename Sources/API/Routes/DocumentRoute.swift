internal import HTTPWire
internal import JSON
internal import Synchronization
internal import Tasks

/// `GET /openapi.json`.
enum DocumentRoute {
    static func get(_ types: TaskRegistry, _ anonymous: AnonymousPolicy) -> Route {
        let document = OpenAPIText(types, anonymous)
        return Route(
            method: .get, path: "/openapi.json", operation: "openapi",
            summary: "This document.",
            replies: [
                ReplyDescription(status: 200, summary: "OpenAPI 3.1.", schema: ["type": "object"])
            ],
            access: .open,
            server: .node { (_, _) throws(Problem) in
                .now(APIResponse(200, contentType: MediaType.json, body: document.bytes))
            })
    }
}

/// The document as JSON text. It is made at the first request, because it describes all routes, including its own.
final class OpenAPIText: Sendable {
    private let types: TaskRegistry
    private let anonymous: AnonymousPolicy
    private let made = Mutex<[UInt8]?>(nil)

    init(_ types: TaskRegistry, _ anonymous: AnonymousPolicy) {
        self.types = types
        self.anonymous = anonymous
    }

    var bytes: [UInt8] {
        made.withLock { made in
            if let made { return made }
            let routes = RouteTable.make(types, anonymous)
            let bytes = OpenAPIDocument.make(routes, types: types, anonymous: anonymous).serialized()
            made = bytes
            return bytes
        }
    }
}
