internal import Client
internal import FoundationEssentials
internal import Glibc
internal import Postgres
internal import Supervisor
internal import TestSupport

/// `millrace up`, and, where namespaces can be made, a worker on a host of its own that reaches PostgreSQL over a network.
final class ChaosSystem: Sendable {
    static let nodes = 2
    static let workers = 3

    /// The host of the worker beside `up`'s; `nil`: there is none.
    let host: RemoteHost?

    private let folder = TemporaryFolder()
    private let up: ChildProcess
    private let remoteWorker: Service?
    private let port = freePort()
    private let log: ServiceLog

    init(program: String) throws {
        log = ServiceLog(names: ["up", "far-worker"])
        host = try geteuid() == 0 ? RemoteHost() : nil
        if host == nil { say("no host is cut off: that needs root") }
        var environment = ProcessInfo.processInfo.environment
        environment.merge([
            "RATE_LIMIT_REQUESTS": "0", "MILLRACE_LOG_LEVEL": "error", "MILLRACE_WORKER_CONCURRENCY": "2",
            "DATABASE_URL": "", "DB_HOST": "", "DB_NAME": "",
        ]) { $1 }
        let program = Folder.absolute(program)
        let data = folder.file("data")
        let command = Command(
            program,
            [
                "up", "--listen", "127.0.0.1:\(port)", "--data", data, "--api", "\(Self.nodes)", "--workers",
                "\(Self.workers)",
            ], environment: environment)
        if let host {
            // The cluster is made by a first start; then it gets an address that the other host can reach.
            let first = try ChildProcess(command, name: "up", output: .discarded)
            defer { _ = first.stop(limit: .seconds(60)) }
            try Self.waitUntilReady(port, first)
            try host.let(in: data + "/postgres")
        }
        up = try ChildProcess(command, name: "up", output: log.output(of: "up"))
        try Self.waitUntilReady(port, up)
        guard let host else {
            remoteWorker = nil
            return
        }
        environment["DATABASE_URL"] = "host=\(host.gateway) user=millrace dbname=millrace"
        environment["WORKER_NAME"] = "far-worker"
        let worker = Service(
            "far-worker", host.command(program, ["worker"], environment: environment), stopLimit: .seconds(15), log: log
        )
        worker.start()
        remoteWorker = worker
    }

    func stop() {
        remoteWorker?.askToStop()
        _ = remoteWorker?.waitUntilStopped(.seconds(20))
        _ = up.stop(limit: .seconds(60))
        host?.remove()
    }

    private static func waitUntilReady(_ port: UInt16, _ up: ChildProcess) throws {
        try eventually("the system is ready", within: .seconds(120)) {
            if let exit = up.exit { throw NotInTime(description: "millrace up \(exit)") }
            let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: .seconds(2))
            return (try? connection.request("GET", "/health"))?.status == 200
        }
    }

    func connection(timeout: Duration = .seconds(30)) -> HTTPConnection {
        HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: timeout)
    }

    /// A session of the checker's own, past all that is tested.
    func database() throws -> PostgresConnection {
        try PostgresConnection(
            PostgresConfiguration(
                connectionString: "host=\(folder.path)/data/run/postgres user=postgres dbname=millrace",
                responseTimeout: .seconds(30)))
    }

    /// The processes of a part: `balancer`, `api`, `worker`, or `postgres` (the server).
    func processes(_ part: String) -> [RunningProcess] {
        RunningProcess.all.filter { process in
            process.parent == up.pid
                && (process.arguments.dropFirst().first == part
                    || part == "postgres" && process.arguments.first?.hasSuffix("/postgres") == true)
        }.sorted { $0.pid < $1.pid }
    }
}
