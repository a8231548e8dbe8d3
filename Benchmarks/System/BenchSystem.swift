internal import Client
internal import FoundationEssentials
internal import JSON
internal import Reactor
internal import Supervisor
internal import TestSupport

/// A whole system: `millrace up` on a free port, with its data in a temporary folder.
struct BenchSystem: Sendable {
    private static let adminToken = "bench"

    private let child: ChildProcess
    private let folder = TemporaryFolder()
    private let endpoint: ServerAddress
    /// The address of the balancer.
    let address: SocketAddress

    init(program: String, api: Int, workers: Int) throws {
        let port = freePort()
        endpoint = .tcp(host: "127.0.0.1", port: port)
        address = .ipv4(0x7f00_0001, port: port)
        var environment = ProcessInfo.processInfo.environment
        environment["RATE_LIMIT_REQUESTS"] = "0"
        environment["MILLRACE_LOG_LEVEL"] = "warning"
        environment["MILLRACE_ADMIN_TOKEN"] = Self.adminToken
        let arguments = [
            "up", "--listen", "127.0.0.1:\(port)", "--data", folder.path, "--api", "\(api)", "--workers", "\(workers)",
        ]
        child = try ChildProcess(
            Command(Folder.absolute(program), arguments, environment: environment), name: "up", output: .inherited)
        try waitUntilReady()
    }

    /// A connection string of libpq for the superuser.
    var database: String { "host=\(folder.path)/run/postgres user=postgres dbname=millrace" }

    /// The children that run a subcommand.
    func processes(_ subcommand: String) -> [CInt] {
        children { $0.dropFirst().first == subcommand }
    }

    /// The children whose arguments satisfy `isMatch`.
    private func children(_ isMatch: ([String]) -> Bool) -> [CInt] {
        RunningProcess.all.filter { $0.parent == child.pid && isMatch($0.arguments) }.map(\.pid).sorted()
    }

    /// Pauses or resumes the type sha256.
    func setSHA256(isPaused: Bool) throws {
        let target = "/types/sha256/\(isPaused ? "pause" : "resume")"
        let reply = try HTTPConnection(to: endpoint, timeout: .seconds(90)).request(
            "POST", target, headers: [("Authorization", "Bearer \(Self.adminToken)")])
        guard reply.status == 200 else { throw BenchError("POST \(target): \(reply.status) \(reply.text)") }
    }

    /// The processor time of the parts so far.
    var processorTime: ProcessorTime {
        let servers = children { $0.first?.hasSuffix("postgres") ?? false }
        return .used(
            by: [
                ProcessorTime.Part(name: "balancer", roots: processes("balancer")),
                ProcessorTime.Part(name: "nodes", roots: processes("api")),
                ProcessorTime.Part(name: "PostgreSQL", roots: servers),
                ProcessorTime.Part(name: "workers", roots: processes("worker")),
            ])
    }

    func stop() { _ = child.stop(timeout: .seconds(60)) }

    /// Opens a keep-alive connection for one thread.
    func connect() throws -> BenchConnection { BenchConnection(HTTPConnection(to: endpoint, timeout: .seconds(90))) }

    private func waitUntilReady() throws {
        do {
            try eventually("millrace up is ready", within: .seconds(120), every: .milliseconds(100)) {
                if let exit = child.exit { throw BenchError("millrace up \(exit)") }
                let connection = HTTPConnection(to: endpoint, timeout: .seconds(2))
                return (try? connection.request("GET", "/health"))?.status == 200
            }
        } catch {
            stop()
            throw error
        }
    }
}

/// A connection that throws if a response has an unexpected status: the figures of a benchmark with errors are
/// worthless.
final class BenchConnection {
    private let connection: HTTPConnection

    init(_ connection: HTTPConnection) { self.connection = connection }

    func exchange(_ method: String, _ target: String, body: String? = nil, expecting status: Int) throws -> ReplyText {
        let reply = try connection.request(
            method, target, headers: body == nil ? [] : [("Content-Type", "application/json")],
            body: body.map { Array($0.utf8) })
        guard reply.status == status else {
            throw BenchError("\(method) \(target): \(reply.status) instead of \(status): \(reply.text)")
        }
        return ReplyText(bytes: reply.body)
    }

    func post(_ target: String, _ body: String, expecting status: Int) throws -> JSONValue {
        try JSONValue(parsing: exchange("POST", target, body: body, expecting: status).bytes)
    }

    func get(_ target: String) throws -> JSONValue {
        try JSONValue(parsing: exchange("GET", target, expecting: 200).bytes)
    }
}

/// A response whose members are found by a search instead of a JSON parser, because the load generator shares the
/// cores with the measured system.
struct ReplyText {
    let bytes: [UInt8]

    /// The value of the first member `name`, which must be a string without escapes.
    func text(of name: String) -> String? {
        let mark = Array("\"\(name)\":\"".utf8)
        guard bytes.count > mark.count else { return nil }
        for start in 0...(bytes.count - mark.count) where bytes[start..<(start + mark.count)].elementsEqual(mark) {
            return String(decoding: bytes[(start + mark.count)...].prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
        }
        return nil
    }
}
