import FoundationEssentials
import HTTPWire
import JSON
import Supervisor
import Tasks
import TestSupport
import Testing

@testable import API

@Suite struct RouteTests {
    let router = Router(RouteTable.make(.builtIn, .all))

    func status(_ method: String, _ path: String) -> Int? {
        if case .problem(let problem) = router.match(method: method, path: path) { problem.status } else { nil }
    }

    @Test func `every route of a node is found by its method and path`() {
        for route in router.routes {
            guard case .node = route.server else { continue }
            #expect(status(route.method.rawValue, route.path.replacing("{id}", with: "x")) == nil)
            if route.method == .get { #expect(status("HEAD", route.path.replacing("{id}", with: "x")) == nil) }
        }
    }

    @Test(arguments: [
        "/", "", "/task", "/task/", "/task/a/b", "/hash/sha1", "/lb/health", "/health/", "/%zz", "//health",
    ])
    func `an unknown path is not found`(_ path: String) {
        #expect(status("GET", path) == 404)
    }

    @Test func `a known path with a wrong method reports the allowed methods`() {
        guard case .problem(let problem) = router.match(method: "PUT", path: "/task/x") else {
            Issue.record("PUT is accepted")
            return
        }
        #expect(problem.status == 405)
        #expect(problem.headers == [.init("Allow", "GET, HEAD, DELETE")])
    }

    @Test func `a parameter may be followed by one more segment`() {
        guard case .route(_, _, let parameter) = router.match(method: "GET", path: "/task/x/attempts") else {
            Issue.record("no route")
            return
        }
        #expect(parameter == "x")
        for path in ["/task//attempts", "/task/attempts/", "/task/x/attempts/", "/task/x/y/attempts"] {
            #expect(status("GET", path) == 404)
        }
    }

    @Test func `percent-encoded paths are the same paths`() {
        #expect(status("GET", "/%68ealth") == nil)
        guard case .route(_, _, let parameter) = router.match(method: "GET", path: "/task/%41b") else {
            Issue.record("no route")
            return
        }
        #expect(parameter == "Ab")
    }

    @Test func `the document has every call of the contract`() throws {
        let document = try JSONValue(parsing: OpenAPIText(.builtIn, .all).bytes)
        let calls = [
            "post /hash/md5", "post /hash/sha256", "post /hash/argon2", "post /tasks", "get /task/{id}",
            "delete /task/{id}", "get /hashes", "get /health", "get /cache/stats", "post /cache/clear", "get /metrics",
            "get /lb/metrics", "get /task/{id}/attempts", "post /task/{id}/retry", "get /tasks", "get /types",
            "post /types/{type}/pause",
            "post /types/{type}/resume", "post /types/{type}/limit",
            "get /openapi.json", "head /openapi.json", "head /task/{id}", "get /lb/health", "get /lb/stats",
            "get /lb/rate-limits", "get /lb/peers", "post /lb/peers",
            "post /lb/strategy", "get /keys", "post /keys", "delete /keys/{name}", "post /keys/{name}/rotate",
        ]
        for call in calls {
            let parts = call.split(separator: " ").map(String.init)
            #expect(document["paths"]?[parts[1]]?[parts[0]] != nil, "\(call)")
        }
        #expect(document["openapi"] == "3.1.0")
        // The rate limit applies to the calls that nodes answer, not to those that the balancer answers (`/lb/`).
        #expect(document["paths"]?["/tasks"]?["post"]?["responses"]?["429"] != nil)
        #expect(document["paths"]?["/lb/stats"]?["get"]?["responses"]?["429"] == nil)
        #expect(document["paths"]?["/health"]?["head"]?["responses"]?["200"]?["content"] == nil)
    }

    @Test func `the document says which calls need a key`() throws {
        func security(_ policy: AnonymousPolicy, _ method: String, _ path: String) throws -> JSONValue? {
            try JSONValue(parsing: OpenAPIText(.builtIn, policy).bytes)["paths"]?[path]?[method]?["security"]
        }
        let (key, administrator): (JSONValue, JSONValue) = (["key": []], ["administrator": []])
        for policy in AnonymousPolicy.allCases {
            #expect(try security(policy, "get", "/health") == [[:]])
            #expect(try security(policy, "post", "/cache/clear") == [administrator])
            let submits: JSONValue = policy == .none ? [key, administrator] : [key, administrator, [:]]
            #expect(try security(policy, "post", "/hash/md5") == submits)
            #expect(try security(policy, "delete", "/task/{id}") == submits)
            let lists: JSONValue = policy == .all ? [key, administrator, [:]] : [key, administrator]
            #expect(try security(policy, "get", "/tasks") == lists)
            #expect(try security(policy, "get", "/metrics") == (policy == .all ? lists : [administrator]))
        }
    }

    @Test func `operation names are unique`() {
        #expect(Set(router.routes.map(\.operation)).count == router.routes.count)
    }

    /// This test does nothing if the validator is not installed.
    @Test func `the document is valid OpenAPI 3.1`() throws {
        let folder = TemporaryFolder()
        let path = try folder.write(
            String(decoding: OpenAPIText(.builtIn, .all).bytes, as: UTF8.self), to: "openapi.json")
        let script = """
            import json, sys
            try:
                from openapi_spec_validator import validate
            except ImportError:
                sys.exit(0)
            validate(json.load(open(sys.argv[1])))
            """
        let program = try Program("/usr/bin/env", ["python3", "-c", script, path])
        let exit = try program.waitForExit()
        if program.standardError.contains("No such file") { return }
        #expect(exit.isSuccess, "\(program.standardError)")
    }
}
