internal import Client
internal import Glibc
internal import Reactor
internal import Supervisor
internal import TestSupport

/// The nodes, the balancer and the workers that a benchmark runs on its database. The benchmark can start and stop the
/// workers separately from the nodes and the balancer.
final class MillraceParts {
    let target: SocketAddress
    private let program: String
    private let folder: TemporaryFolder
    private let cluster: BenchCluster
    private let port: UInt16
    private let metricsPort: UInt16
    private let environment: [String: String]
    private var nodes: [MeasuredProgram] = []
    private var balancer: MeasuredProgram?
    private var workers: [MeasuredProgram] = []

    init(_ program: String, cluster: BenchCluster, folder: TemporaryFolder) throws {
        self.program = Folder.absolute(program)
        self.cluster = cluster
        self.folder = folder
        port = freePort()
        metricsPort = freePort()
        target = .ipv4(0x7f00_0001, port: port)
        environment = [
            "DATABASE_URL": cluster.connectionString, "RATE_LIMIT_REQUESTS": "0", "MILLRACE_LOG_LEVEL": "warning",
        ]
        try Self.migrate(cluster.connectionString, program)
    }

    /// Creates the schema in a database.
    static func migrate(_ connectionString: String, _ program: String) throws {
        let environment = ["DATABASE_URL": connectionString, "MILLRACE_LOG_LEVEL": "warning"]
        try MeasuredProgram("migrate", [Folder.absolute(program), "migrate"], environment: environment).waitForExit()
    }

    func startNodes(_ count: Int) throws {
        let addresses = (1...count).map { "unix:\(folder.path)/api-\($0).sock" }
        for address in addresses {
            nodes.append(try MeasuredProgram("api", [program, "api", "--listen", address], environment: environment))
        }
        for (node, address) in zip(nodes, addresses) {
            try node.wait(until: "an API node listens") { ServerAddress(address).map(isListening) ?? false }
        }
        let values = [
            "MILLRACE_USER": Account.current?.name ?? "",  // the nodes' sockets belong to this user
            "MILLRACE_LISTEN": "127.0.0.1:\(port)", "MILLRACE_UPSTREAM": addresses.joined(separator: ","),
        ]
        balancer = try MeasuredProgram(
            "balancer", [program, "balancer", "-e", "stderr", "-p", folder.path],
            environment: environment.merging(values) { $1 }, stopSignal: SIGQUIT)
        try balancer?.wait(until: "the balancer answers") { (try? get("/health", port)) != nil }
    }

    func startWorkers(_ count: Int) throws {
        for number in 1...count {
            let metrics = number == 1 ? ["--metrics", "127.0.0.1:\(metricsPort)"] : []
            workers.append(
                try MeasuredProgram(
                    "worker", [program, "worker"] + metrics,
                    environment: environment.merging(["WORKER_NAME": "worker-\(number)"]) { $1 }))
        }
    }

    func stopWorkers() {
        for worker in workers { worker.stop() }
        workers = []
    }

    func stopNodes() {
        balancer?.stop()
        balancer = nil
        for node in nodes { node.stop() }
        nodes = []
    }

    func stop() {
        stopNodes()
        stopWorkers()
    }

    var processorTime: ProcessorTime {
        .used(
            by: [
                ProcessorTime.Part(name: "balancer", roots: balancer.map { [$0.pid] } ?? []),
                ProcessorTime.Part(name: "nodes", roots: nodes.map(\.pid)), cluster.part,
                ProcessorTime.Part(name: "workers", roots: workers.map(\.pid)),
            ])
    }

    /// A summary metric of one node or of the first worker: the number of values, and their sum.
    func summary(_ name: String) throws -> (count: Double, sum: Double) {
        let text = try name.hasPrefix("millrace_worker") ? get("/metrics", metricsPort) : get("/metrics", port)
        func value(_ suffix: String) -> Double {
            let line = text.split(separator: "\n").first { $0.hasPrefix(name + suffix + " ") }
            return line.flatMap { Double($0.split(separator: " ")[1]) } ?? 0
        }
        return (value("_count"), value("_sum"))
    }

    private func get(_ path: String, _ port: UInt16) throws -> String {
        let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: .seconds(5))
        let reply = try connection.request("GET", path)
        guard reply.status == 200 else { throw BenchError("GET \(path): \(reply.status)") }
        return reply.text
    }

}
