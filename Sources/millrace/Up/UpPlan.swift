import Glibc
import Reactor
import Settings
import Supervisor

/// What `millrace up` runs. All values are checked.
struct UpPlan {
    let listen: [String]
    /// The option that the addresses came from; `nil` if they came from the variable.
    let listenOption: String?
    /// The absolute path of the data folder.
    let data: String
    /// The names of the nodes.
    let nodes: [String]
    /// The names of the workers.
    let workers: [String]
    /// The database's connection string; `nil` for a private cluster.
    let database: String?
    /// The user that nodes, workers and the balancer run as; `nil` for the user of this process.
    let account: Account?
    /// Maximum number of database connections of each process.
    let connectionLimit: Int
    /// Where the first worker serves its metrics. Each further worker uses the next port.
    let metrics: HostPort?
    /// The environment of the child processes.
    let environment: [String: String]

    init(
        _ settings: Settings, listen: [String], listenOption: String?, data: String?, nodes: Int, workers: Int,
        database: String?, account: Account? = nil
    ) throws {
        self.listen = listen
        self.listenOption = listenOption
        self.data = DataFolder.path(data)
        let applicationName = try settings.value(EnvironmentVariables.applicationName) ?? "api"
        self.nodes = (1...nodes).map { "\(applicationName)-\($0)" }
        let workerName = try settings.value(EnvironmentVariables.workerName) ?? "worker"
        self.workers = (0..<workers).map { "\(workerName)-\($0 + 1)" }
        self.database = database
        self.account = account
        metrics = try settings.metrics()
        if let metrics, Int(metrics.port) + workers > 65536 {
            throw SettingsError(
                EnvironmentVariables.metrics, "each worker uses the next port, and a port above 65535 would be needed")
        }
        connectionLimit = try settings.value(EnvironmentVariables.connectionLimit)
        var environment = settings.merged
        environment[Settings.hasWarned] = "1"
        if let account { environment[EnvironmentVariables.user.name] = account.name }
        // The children write into pipes and would choose JSON, but their merged log is for people.
        if try settings.value(EnvironmentVariables.logFormat) == .auto {
            environment[EnvironmentVariables.logFormat.name] = "text"
        }
        self.environment = environment
    }

    /// Variables that differ between the workers, or whose default assumes one worker per machine.
    /// - Parameter number: the worker's number, from 0.
    func workerEnvironment(_ number: Int) -> [String: String] {
        var values: [String: String] = [:]
        if environment[EnvironmentVariables.concurrency.name, default: ""].isEmpty {
            let cores = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
            values[EnvironmentVariables.concurrency.name] = "\(max(1, cores / max(1, workers.count)))"
        }
        if let metrics, metrics.port > 0 {
            values[EnvironmentVariables.metrics.name] =
                "\(HostPort(host: metrics.host, port: metrics.port + UInt16(number)))"
        }
        return values
    }

    /// Whether the environment has an admin token. If not, the token comes from ``AdminTokenFile``.
    var hasAdminToken: Bool { !environment[EnvironmentVariables.adminToken.name, default: ""].isEmpty }

    /// The connections of all processes at their limit, and some for migrations, superusers and psql.
    var maxConnections: Int { max(100, (nodes.count + workers.count) * connectionLimit + 20) }

    /// The URL for browsers and for the readiness check.
    var address: String {
        guard let text = listen.first(where: { !$0.hasPrefix("unix:") }) else { return listen[0] }
        let (host, port) = Self.split(text)
        let isWildcard = ["", "*", "0.0.0.0", "[::]"].contains(host)
        return "http://\(isWildcard ? "127.0.0.1" : host):\(port)"
    }

    /// Splits `host:port`, `port`, `host` or `[v6]:port`. The default port is 80.
    static func split(_ text: String) -> (host: String, port: String) {
        if text.hasSuffix("]") { return (text, "80") }
        guard let colon = text.lastIndex(of: ":") else {
            return text.allSatisfy(\.isNumber) ? ("", text) : (text, "80")
        }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }
}
