internal import Client
internal import FoundationEssentials
internal import Glibc
internal import JSON
internal import Reactor
internal import Supervisor

/// A whole Millrace of the benchmark's own: `millrace up` on a free port, with its data in a temporary folder.
struct System: Sendable {
    private let child: ChildProcess
    private let folder: String
    private let endpoint: Endpoint
    /// The balancer's.
    let address: SocketAddress

    init(program: String, api: Int, workers: Int) throws {
        folder = FileManager.default.temporaryDirectory.path + "/millrace-bench-\(getpid())"
        // PostgreSQL runs as another user where root measures: it must be able to enter.
        try Folder.make(folder, mode: 0o755)
        let port = try FreePort.find()
        endpoint = .tcp(host: "127.0.0.1", port: port)
        address = .ipv4(0x7f00_0001, port: port)
        var environment = ProcessInfo.processInfo.environment
        environment["RATE_LIMIT_REQUESTS"] = "0"
        environment["MILLRACE_LOG_LEVEL"] = "warning"
        let arguments = [
            "up", "--listen", "127.0.0.1:\(port)", "--data", folder, "--api", "\(api)", "--workers", "\(workers)",
        ]
        child = try ChildProcess(
            Command(Folder.absolute(program), arguments, environment: environment), name: "up", output: .inherited)
        try waitUntilReady()
    }

    /// For libpq: how its superuser reaches its database.
    var database: String { "host=\(folder)/run/postgres user=postgres dbname=millrace" }

    /// The processes that run a subcommand.
    func processes(_ subcommand: String) -> [Int32] {
        ProcessTable.now.processes.filter { $1.parent == child.pid && $1.arguments.dropFirst().first == subcommand }
            .keys.sorted()
    }

    /// An administrator's call: no worker claims sha256 tasks any more, or they do again.
    func setSHA256(isPaused: Bool) throws {
        _ = try connect().exchange("POST", "/types/sha256/\(isPaused ? "pause" : "resume")", body: "{}", expecting: 200)
    }

    /// What its parts have used of the processors so far.
    var processorTime: ProcessorTime {
        let processes = ProcessTable.now.processes.filter { $0.value.parent == child.pid }
        func part(_ name: String, _ isMeant: ([String]) -> Bool) -> ProcessorTime.Part {
            ProcessorTime.Part(name: name, roots: processes.filter { isMeant($0.value.arguments) }.map(\.key))
        }
        return .used(
            by: [
                part("balancer") { $0.dropFirst().first == "balancer" },
                part("nodes") { $0.dropFirst().first == "api" },
                part("PostgreSQL") { $0.first?.hasSuffix("postgres") ?? false },
                part("workers") { $0.dropFirst().first == "worker" },
            ])
    }

    func stop() {
        _ = child.stop(limit: .seconds(60))
        Folder.remove(folder)
    }

    /// A keep-alive connection; one thread uses it.
    func connect() throws -> BenchConnection { BenchConnection(HTTPConnection(to: endpoint, timeout: .seconds(90))) }

    private func waitUntilReady() throws {
        let start = ContinuousClock.now
        while start.duration(to: .now) < .seconds(120) {
            if let exit = child.exit { throw BenchError("millrace up \(exit)") }
            let connection = HTTPConnection(to: endpoint, timeout: .seconds(2))
            if let reply = try? connection.request("GET", "/health"), reply.status == 200 { return }
            usleep(100_000)
        }
        stop()
        throw BenchError("millrace up was not ready within 120 s")
    }
}

/// A connection that insists on the status it expects: a benchmark that measures errors measures nothing.
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

/// A reply whose text members are found by a scan: the load generator shares the cores with what it measures.
struct ReplyText {
    let bytes: [UInt8]

    /// The value of the first member called `name`, which is a string without escapes.
    func text(of name: String) -> String? {
        let mark = Array("\"\(name)\":\"".utf8)
        guard bytes.count > mark.count else { return nil }
        for start in 0...(bytes.count - mark.count) where bytes[start..<(start + mark.count)].elementsEqual(mark) {
            return String(decoding: bytes[(start + mark.count)...].prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
        }
        return nil
    }
}
