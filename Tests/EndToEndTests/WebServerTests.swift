import Client
import Glibc
import JSON
import Supervisor
import TestSupport
import Testing

/// Nodes behind nginx, a process manager or a CGI server instead of the balancer.
struct WebServerTests {
    @Test func `nginx gives the same responses as the balancer, byte for byte`() throws {
        let system = try RunningSystem.shared.get()
        let nginx = try RunningNginx(nodes: [system.nodeSocket(1), system.nodeSocket(2)])
        let one = system.connection()
        let two = HTTPConnection(to: .tcp(host: "127.0.0.1", port: nginx.port), timeout: .seconds(30))
        let id = try one.submit("sha256", ["string": "for two servers"])
        _ = try one.finished(id)
        let calls: [(String, String, JSONValue?)] = [
            ("POST", "/hash/sha256", ["string": "for two servers"]),
            ("POST", "/hash/sha256", ["string": 5]),
            ("POST", "/hash/argon2", ["string": "x", "time_cost": 0]),
            ("POST", "/tasks", [["type": "none", "input": [:]]]),
            ("GET", "/task/\(id)", nil),
            ("GET", "/task/nothing", nil),
            ("GET", "/task/019a0000-0000-7000-8000-000000000000", nil),
            ("DELETE", "/task/\(id)", nil),
            ("GET", "/hashes?type=sha256&limit=1&after=\(id)", nil),
            ("GET", "/openapi.json", nil),
            ("GET", "/nowhere?a=b", nil),
            ("PUT", "/tasks", [:]),
        ]
        for (method, target, body) in calls {
            let headers = [("X-Request-Id", "same-for-both")]
            let answers = try [one, two].map { connection in
                try body.map { try connection.request(method, target, headers: headers, json: $0) }
                    ?? connection.request(method, target, headers: headers)
            }
            #expect(answers[0].status == answers[1].status, "\(method) \(target)")
            #expect(answers[0].text == answers[1].text, "\(method) \(target)")
            for header in ["Content-Type", "X-Request-Id", "Location", "Allow", "Link", "Cache-Control"] {
                #expect(
                    answers[0].header(header) == answers[1].header(header), "\(method) \(target) \(header)")
            }
        }
        // These responses differ between nodes and over time, but have the same members.
        for target in ["/health", "/cache/stats"] {
            let members = try [one, two].map {
                try $0.request("GET", target).json().objectValue?.keys.sorted()
            }
            #expect(members[0] == members[1])
        }
    }

    @Test
    func `a node serves a listening socket that it gets as standard input`()
        throws
    {
        let database = try TestDatabase()
        try migrate(database)
        var listener: OccupiedPort? = OccupiedPort()
        let port = try #require(listener?.port)
        let node = try Program.millrace(
            ["api"], environment: ["DATABASE_URL": database.connectionString, "APP_NAME": "spawned"],
            input: listener?.descriptor)
        listener = nil
        let nginx = try RunningNginx(nodes: ["127.0.0.1:\(port)"], areSockets: false)
        let connection = HTTPConnection(
            to: .tcp(host: "127.0.0.1", port: nginx.port), timeout: .seconds(30))
        let health = try eventually("the node answers") { () -> JSONValue? in
            let response = connection.attempt("GET", "/health")
            return response?.status == 200 ? try response?.json() : nil
        }
        #expect(health["node"] == "spawned")
        node.process.signal(SIGTERM)
        #expect(try node.waitForExit(within: .seconds(20)) == .exited(code: 0))
    }

    @Test func `a node that is started as a CGI program answers one request`() throws {
        let database = try TestDatabase()
        try migrate(database)
        let folder = TemporaryFolder()
        let body = #"{"string": "by CGI"}"#
        let file = try folder.write(body, to: "body")
        let input = open(file, O_RDONLY)
        defer { close(input) }
        let program = try Program.millrace(
            ["api"],
            environment: [
                "DATABASE_URL": database.connectionString, "GATEWAY_INTERFACE": "CGI/1.1",
                "REQUEST_METHOD": "POST",
                "SCRIPT_NAME": "", "PATH_INFO": "/hash/sha256", "QUERY_STRING": "",
                "CONTENT_TYPE": "application/json",
                "CONTENT_LENGTH": "\(body.utf8.count)", "SERVER_PROTOCOL": "HTTP/1.1",
                "REMOTE_ADDR": "127.0.0.1",
            ], input: input)
        #expect(try program.waitForExit(within: .seconds(20)) == .exited(code: 0))
        #expect(program.standardOutput.hasPrefix("Status: 202"))
        #expect(program.standardOutput.contains("\"status\":\"queued\""))
        #expect(try database.sql("SELECT count(*) FROM task") == "1")
    }

    private func migrate(_ database: TestDatabase) throws {
        let migration = try Program.millrace(
            ["migrate"], environment: ["DATABASE_URL": database.connectionString])
        #expect(try migration.waitForExit() == .exited(code: 0))
    }
}
