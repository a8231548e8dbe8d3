internal import HTTPWire
internal import JSON
internal import Tasks

/// The OpenAPI 3.1 document of a table of routes.
enum OpenAPIDocument {
    static func make(_ routes: [Route], types: TaskRegistry) -> JSONValue {
        var paths: [String: JSONValue] = [:]
        for route in routes {
            paths[route.path, default: [:]][route.method.rawValue.lowercased()] = operation(route)
            if route.method == .get { paths[route.path, default: [:]]["head"] = head(of: route) }
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Millrace", "version": "1",
                "description": .string(
                    "Tasks go into a queue in PostgreSQL, workers compute them, results are cached and can be waited "
                        + "for. Every reply carries `X-Request-Id`."),
                "license": ["name": "MIT", "identifier": "MIT"],
            ],
            "servers": [["url": "/"]],
            "tags": [
                [
                    "name": "balancer",
                    "description":
                        "Answered by Millrace's own balancer; behind another web server there are none of these.",
                ]
            ],
            "paths": .object(paths),
            "components": [
                "schemas": Schemas.components(types),
                "securitySchemes": [
                    "administrator": [
                        "type": "http", "scheme": "bearer",
                        "description":
                            "Where no token is set, the server's own machine needs none, and others are refused.",
                    ]
                ],
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSONValue {
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
        // The empty requirement: without a token set, calls from the machine itself need none.
        if route.isAdministrative { operation["security"] = [["administrator": []], [:]] }
        return operation
    }

    /// Whoever serves a GET serves its HEAD (RFC 9110, 9.3.2): the same answers without their bodies.
    private static func head(of route: Route) -> JSONValue {
        var operation = operation(route)
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

    private static func tag(_ route: Route) -> String {
        switch route.server {
        case .balancer: "balancer"
        case .node: String(route.path.split(separator: "/").first ?? "api")
        }
    }

    private static func parameter(_ parameter: Parameter) -> JSONValue {
        [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
            "description": .string(parameter.summary), "required": .bool(parameter.place == .path),
            "schema": parameter.schema,
        ]
    }

    private static func responses(_ route: Route) -> [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        for status in route.problems + (route.isAdministrative ? [401, 403] : []) {
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
            var limited = problem("Too many requests from this client; the balancer says when to come again.")
            limited["headers"] = .object(
                ["Retry-After", "RateLimit", "RateLimit-Policy"].reduce(into: [:]) { headers, name in
                    headers[name] = ["schema": ["type": "string"]] as JSONValue
                })
            responses["429"] = limited
        }
        responses["default"] = problem("Any other problem: an overload, a mistake.")
        return responses
    }

    private static func problem(_ description: String) -> JSONValue {
        [
            "description": .string(description),
            "content": [MediaType.problem: ["schema": Schemas.reference("Problem")]],
        ]
    }
}
