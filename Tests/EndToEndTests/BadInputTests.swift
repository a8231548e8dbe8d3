import Client
import JSON
import TestSupport
import Testing

/// Each invalid request gets its status and a problem document, and leaves the queue unchanged.
struct BadInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let method: String
        let target: String
        let body: String?
        let type: String
        let status: Int
        /// A word that the problem document must contain.
        let names: String?

        init(
            _ method: String, _ target: String, _ body: String? = nil, type: String = "application/json",
            status: Int,
            names: String? = nil
        ) {
            self.method = method
            self.target = target
            self.body = body
            self.type = type
            self.status = status
            self.names = names
        }

        var testDescription: String {
            "\(method) \(target) \(body?.prefix(60) ?? "") \(type) → \(status)"
        }
    }

    static let large = String(repeating: "x", count: 1_048_577)

    static let cases: [Case] = [
        Case("POST", "/hash/sha256", "{\"string\": ", status: 400),
        Case("POST", "/hash/sha256", "", status: 400),
        Case("POST", "/hash/sha256", "{}", status: 422, names: "string"),
        Case("POST", "/hash/sha256", "{\"string\": 1}", status: 422, names: "string"),
        Case("POST", "/hash/sha256", "{\"string\": \"x\", \"extra\": 1}", status: 422, names: "extra"),
        Case("POST", "/hash/sha256", "[]", status: 422),
        Case("POST", "/hash/sha256", "string=x", type: "application/x-www-form-urlencoded", status: 415),
        Case("POST", "/hash/sha256", "{\"string\": \"\(large)\"}", status: 413),
        Case("POST", "/hash/argon2", "{\"string\": \"x\", \"time_cost\": 0}", status: 422, names: "time_cost"),
        Case(
            "POST", "/hash/argon2", "{\"string\": \"x\", \"memory_cost\": 99999999}", status: 422,
            names: "memory_cost"),
        Case(
            "POST", "/hash/argon2", "{\"string\": \"x\", \"parallelism\": 0}", status: 422, names: "parallelism"),
        Case("POST", "/hash/argon2", "{\"string\": \"x\", \"salt\": \"c2hvcnQ=\"}", status: 422, names: "salt"),
        Case(
            "POST", "/hash/argon2", "{\"string\": \"x\", \"salt\": \"no base64!\"}", status: 422, names: "salt"),
        Case("POST", "/hash/none", "{\"string\": \"x\"}", status: 404),
        Case(
            "POST", "/tasks",
            "[{\"type\": \"sha256\", \"input\": {\"string\": \"ok\"}}, {\"type\": \"none\", \"input\": {}}]",
            status: 422, names: "type"),
        Case(
            "POST", "/tasks",
            "[{\"type\": \"sha256\", \"input\": {\"string\": \"ok\"}}, {\"type\": \"sha256\"}]", status: 422,
            names: "input"),
        Case(
            "POST", "/tasks",
            "{\"type\": \"sha256\", \"input\": {\"string\": \"x\"}, \"priority\": \"high\"}", status: 422,
            names: "priority"),
        Case(
            "POST", "/tasks",
            "{\"type\": \"sha256\", \"input\": {\"string\": \"x\"}, \"run_at\": \"soon\"}", status: 422,
            names: "run_at"),
        Case(
            "POST", "/tasks",
            "{\"type\": \"sha256\", \"input\": {\"string\": \"x\"}, \"max_attempts\": 0}", status: 422,
            names: "max_attempts"),
        Case(
            "POST", "/tasks", "{\"type\": \"primes\", \"input\": {\"below\": -1}}", status: 422, names: "below"),
        Case("GET", "/task/not-a-uuid", status: 400),
        Case("GET", "/task/019a0000-0000-7000-8000-000000000000", status: 404),
        Case("DELETE", "/task/019a0000-0000-7000-8000-000000000000", status: 404),
        Case("GET", "/nowhere", status: 404),
        Case("GET", "/hash/sha256", status: 405),
        Case("PUT", "/tasks", "{}", status: 405),
        Case("DELETE", "/health", status: 405),
        Case("POST", "/lb/strategy", "{\"strategy\": \"random\"}", status: 400, names: "round-robin"),
    ]

    @Test(arguments: cases)
    func `an invalid request is refused with a problem document`(bad: Case) throws {
        let system = try RunningSystem.shared.get()
        let response = try system.connection().request(
            bad.method, bad.target,
            headers: (bad.body == nil ? [] : [("Content-Type", bad.type)]) + [try system.adminHeader()],
            body: bad.body.map { Array($0.utf8) })
        #expect(response.status == bad.status)
        #expect(response.header("Content-Type")?.hasPrefix("application/problem+json") == true)
        let problem = try response.json()
        #expect(problem["status"]?.integerValue == Int64(bad.status))
        #expect(problem["title"]?.stringValue?.isEmpty == false)
        #expect(problem["request_id"]?.stringValue == response.header("X-Request-Id"))
        if let name = bad.names { #expect(response.text.contains(name)) }
        if bad.status == 405 { #expect(response.header("Allow")?.isEmpty == false) }
    }

    @Test func `an invalid request leaves no task in the queue`() throws {
        let database = try TestDatabase()
        let system = try RunningSystem(
            nodes: 1, workers: 0, arguments: ["--database", database.connectionString])
        let connection = system.connection()
        for bad in Self.cases {
            _ = try connection.request(
                bad.method, bad.target,
                headers: (bad.body == nil ? [] : [("Content-Type", bad.type)]) + [try system.adminHeader()],
                body: bad.body.map { Array($0.utf8) })
        }
        #expect(
            try database.sql("SELECT (SELECT count(*) FROM task) + (SELECT count(*) FROM finished_task)")
                == "0")
        try system.stop()
    }

    @Test func `a body over 16 MiB is refused`() throws {
        let connection = try RunningSystem.shared.get().connection()
        let body = [UInt8](repeating: UInt8(ascii: " "), count: 16 * 1_048_576 + 1)
        let response = try connection.request(
            "POST", "/tasks", headers: [("Content-Type", "application/json")], body: body)
        #expect(response.status == 413)
    }

    @Test func `the balancer refuses malformed HTTP`() throws {
        let connection = try RunningSystem.shared.get().connection()
        for (request, status) in [
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            (
                "POST /tasks HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                400
            ),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
            ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ] {
            try connection.send(Array(request.utf8))
            #expect(try connection.readResponse().status == status)
            connection.close()
        }
    }
}
