internal import HTTPWire
internal import JSON
internal import Tasks

/// The OpenAPI 3.1 document of a table of routes.
enum OpenAPIDocument {
    static func make(_ routes: [Route], types: TaskRegistry, anonymous: AnonymousPolicy) -> JSONValue {
        var paths: [String: JSONValue] = [:]
        for route in routes {
            paths[route.path, default: [:]][route.method.rawValue.lowercased()] = operation(route, anonymous)
            if route.method == .get { paths[route.path, default: [:]]["head"] = head(of: route, anonymous) }
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Millrace", "version": "1",
                "description": .string(
                    "Clients submit tasks to a queue in PostgreSQL. Workers compute them. Results are cached, and "
                        + "clients can wait for them. Every response has an `X-Request-Id` header."),
                "license": ["name": "MIT", "identifier": "MIT"],
            ],
            "servers": [["url": "/"]],
            "tags": [
                [
                    "name": "balancer",
                    "description": .string(
                        "Calls that Millrace's balancer answers. They do not exist behind another web server. They "
                            + "obey the limits of their location. With `MILLRACE_ANONYMOUS=submit` or `none`, all but "
                            + "`/lb/health` need the admin token."),
                ]
            ],
            "paths": .object(paths),
            "components": [
                "schemas": Schemas.components(types),
                "securitySchemes": [
                    "key": [
                        "type": "http", "scheme": "bearer",
                        "description": "A client's key: `mr_` and 64 hexadecimal digits.",
                    ],
                    "administrator": [
                        "type": "http", "scheme": "bearer",
                        "description": .string(
                            "The admin token, `MILLRACE_ADMIN_TOKEN`. If none is configured, `millrace up` makes one, and "
                                + "stores it in the file `admin.token` of its data folder. A key with the scope `admin` "
                                + "is accepted too, except by the balancer (`/lb/`), which has no database."),
                    ],
                ],
            ],
        ]
    }

    private static func operation(_ route: Route, _ anonymous: AnonymousPolicy) -> JSONValue {
        var operation: JSONValue = [
            "operationId": .string(route.operation), "summary": .string(route.summary),
            "tags": [.string(tag(route))], "responses": .object(responses(route)),
        ]
        if let description = route.description { operation["description"] = .string(description) }
        if !route.parameters.isEmpty { operation["parameters"] = .array(route.parameters.map(parameter)) }
        if let body = route.body {
            operation["requestBody"] = [
                "required": true,
                "content": [MediaType.json: ["schema": body.schema, "example": body.example]],
            ]
        }
        operation["security"] = .array(security(route.access, anonymous))
        return operation
    }

    /// Every GET route also serves HEAD: the same responses without their bodies (RFC 9110, section 9.3.2).
    private static func head(of route: Route, _ anonymous: AnonymousPolicy) -> JSONValue {
        var operation = operation(route, anonymous)
        operation["operationId"] = .string("\(route.operation)_head")
        operation["summary"] = .string("\(route.summary) Without the body.")
        let responses = operation["responses"]?.objectValue ?? [:]
        operation["responses"] = .object(
            responses.mapValues { response in
                var members = response.objectValue ?? [:]
                members["content"] = nil
                return .object(members)
            })
        return operation
    }

    /// The credentials that a call accepts, as alternatives. An empty alternative means that the call needs no
    /// credentials.
    private static func security(_ access: RouteAccess, _ anonymous: AnonymousPolicy) -> [JSONValue] {
        switch access {
        case .open: [[:]]
        case .administrative: [["administrator": []]]
        case .statistics: anonymous == .all ? [["key": []], ["administrator": []], [:]] : [["administrator": []]]
        case .scope(let scope):
            [["key": []], ["administrator": []]] + (anonymous.scopes.contains(scope) ? [[:]] : [])
        }
    }

    private static func tag(_ route: Route) -> String {
        switch route.server {
        case .balancer: "balancer"
        case .node: String(route.path.split(separator: "/").first ?? "api")
        }
    }

    private static func parameter(_ parameter: Parameter) -> JSONValue {
        [
            "name": .string(parameter.name), "in": .string(parameter.location.rawValue),
            "description": .string(parameter.summary), "required": .bool(parameter.location == .path),
            "schema": parameter.schema,
        ]
    }

    private static func responses(_ route: Route) -> [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        for status in route.problems + (route.access == .open ? [] : [401, 403]) {
            responses[String(status)] = problem(HTTPStatus.reason(status))
        }
        for reply in route.replies {
            var response: JSONValue = [
                "description": .string(reply.summary), "content": [reply.contentType: ["schema": reply.schema]],
            ]
            if !reply.headers.isEmpty {
                response["headers"] = .object(
                    reply.headers.mapValues { ["description": .string($0), "schema": ["type": "string"] as JSONValue] })
            }
            responses[String(reply.status)] = response
        }
        if case .node = route.server {
            var limited = problem("Too many requests from this client. `Retry-After` says when to try again.")
            limited["headers"] = .object(
                ["Retry-After", "RateLimit", "RateLimit-Policy"].reduce(into: [:]) { headers, name in
                    headers[name] = ["schema": ["type": "string"]] as JSONValue
                })
            responses["429"] = limited
        }
        responses["default"] = problem("Any other problem, for example an overload or an internal error.")
        return responses
    }

    private static func problem(_ description: String) -> JSONValue {
        [
            "description": .string(description),
            "content": [MediaType.problem: ["schema": Schemas.reference("Problem")]],
        ]
    }
}
