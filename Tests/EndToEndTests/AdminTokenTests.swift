import Client
import FoundationEssentials
import Glibc
import JSON
import Supervisor
import TestSupport
import Testing

/// Administrative calls need the admin token, which `millrace up` makes.
struct AdminTokenTests {
    @Test func `up makes a token that only its user can read, and later starts use it`() throws {
        let first = try RunningSystem(nodes: 1, workers: 1)
        let file = first.data + "/admin.token"
        var status = stat()
        try #require(stat(file, &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o600)
        #expect(status.st_uid == geteuid())
        let line = try String(contentsOfFile: file, encoding: .utf8)
        let token = try #require(line.split(separator: " ").last?.dropLast())
        #expect(line == "Authorization: Bearer \(token)\n" && token.utf8.count == 64)
        try first.program.waitForText("The admin token is in \(file)", within: .seconds(5))

        #expect(try clearCache(first, [first.adminHeader()]) == 200)
        for wrong in [[], [("Authorization", "Bearer \(token)x")]] { #expect(try clearCache(first, wrong) == 401) }
        // Other users can read the command line of a process, but not its environment.
        for process in RunningProcess.descendants(of: first.program.process.pid) {
            #expect(!process.arguments.contains { $0.contains(token) })
        }
        try first.stop()
        #expect(!first.program.standardError.contains(token) && !first.program.standardOutput.contains(token))

        let second = try RunningSystem(nodes: 1, workers: 1, after: first)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == line)
        #expect(try clearCache(second, [second.adminHeader()]) == 200)
        try second.stop()

        try "Bearer \(token)\n".write(toFile: file, atomically: true, encoding: .utf8)
        let third = try Program.millrace(
            ["up", "--data", first.data, "--listen", "127.0.0.1:\(freePort())"],
            environment: RunningSystem.quietEnvironment)
        #expect(try third.waitForExit() == .exited(code: 78))
        #expect(third.standardError.hasPrefix("millrace: \(file): the file is not one line"))
        #expect(!third.standardError.contains(token))
    }

    private func clearCache(_ system: RunningSystem, _ headers: [(String, String)]) throws -> Int {
        try system.connection().request("POST", "/cache/clear", headers: headers).status
    }

    /// Behind a proxy on the same machine, every client has a loopback address.
    @Test(.enabled(if: StockNginx.isPresent), arguments: ["", "proxy_set_header Host $host;"])
    func `behind nginx on the same machine, every administrative call without the token is refused`(
        directive: String
    ) throws {
        let system = try RunningSystem.shared.get()
        let nginx = try ProxyingNginx(to: system.port, directive)
        let calls: [(String, String, JSONValue)] = [
            ("POST", "/cache/clear", [:]), ("POST", "/types/md5/pause", [:]), ("POST", "/types/md5/resume", [:]),
            ("POST", "/types/md5/limit", ["concurrency": 1]), ("POST", "/lb/strategy", ["strategy": "round-robin"]),
            ("POST", "/lb/peers", ["address": "192.0.2.1:9000"]), ("GET", "/lb/peers", .null),
        ]
        let clients: [[(String, String)]] = [
            [], [("Host", "localhost")], [("Host", "127.0.0.1:8000")], [("X-Forwarded-For", "127.0.0.1")],
            [("Host", "localhost"), ("Origin", "http://localhost")], [("Authorization", "Bearer guess")],
        ]
        for (method, target, body) in calls {
            for headers in clients {
                let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: nginx.port), timeout: .seconds(30))
                let answer =
                    body.isNull
                    ? try connection.request(method, target, headers: headers)
                    : try connection.request(method, target, headers: headers, json: body)
                #expect(answer.status == 401, "\(method) \(target) \(headers)")
                #expect(answer.header("WWW-Authenticate") == "Bearer", "\(method) \(target)")
            }
        }
    }
}

/// Debian's nginx as a reverse proxy over HTTP.
private final class ProxyingNginx {
    let port = freePort()
    private let program: Program
    private let folder = TemporaryFolder()

    init(to server: UInt16, _ directive: String) throws {
        mkdir(folder.file("logs"), 0o755)
        let configuration = try folder.write(
            """
            daemon off; pid nginx.pid; error_log stderr; worker_processes 1;
            events {}
            http {
                access_log off;
                client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; scgi_temp_path s; uwsgi_temp_path u;
                server {
                    listen 127.0.0.1:\(port);
                    location / { proxy_pass http://127.0.0.1:\(server); \(directive) }
                }
            }
            """, to: "nginx.conf")
        program = try Program(StockNginx.path!, ["-c", configuration, "-p", folder.path])
        let (program, port) = (program, port)
        try eventually("nginx listens") {
            if let exit = program.process.exit { throw TestFailure("nginx \(exit): \(program.standardError)") }
            return isListening(port)
        }
    }
}
