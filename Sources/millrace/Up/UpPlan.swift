import Glibc
import Reactor
import Settings
import Supervisor

/// What `millrace up` is to run, with every value checked.
struct UpPlan {
    let listen: [String]
    /// The name of the option that the addresses came from; `nil`: the variable.
    let listenOption: String?
    /// An absolute path.
    let data: String
    let nodes: [String]
    let workers: [String]
    /// `nil`: a cluster of its own.
    let database: String?
    /// Connections that one process may open to the database.
    let connectionLimit: Int
    /// Where the first worker serves its metrics.
    let metrics: HostPort?
    /// For the children.
    let environment: [String: String]

    init(
        _ settings: Settings, listen: [String], listenOption: String?, data: String?, nodes: Int, workers: Int,
        database: String?
    ) throws {
        self.listen = listen
        self.listenOption = listenOption
        // Root's home is closed to the user that PostgreSQL runs as.
        self.data = Folder.absolute(data ?? (Account.isRoot ? "/var/lib/millrace" : ".millrace"))
        let applicationName = try settings.value(Variables.applicationName) ?? "api"
        self.nodes = (1...nodes).map { "\(applicationName)-\($0)" }
        let workerName = try settings.value(Variables.workerName) ?? "worker"
        self.workers = (0..<workers).map { "\(workerName)-\($0 + 1)" }
        self.database = database
        metrics = try settings.metrics()
        if let metrics, Int(metrics.port) + workers > 65536 {
            throw SettingsError(Variables.metrics, "each worker takes the next port, and they end at 65535")
        }
        connectionLimit = try settings.value(Variables.connectionLimit)
        var environment = settings.merged
        // One log for people, although a child writes into a pipe.
        if try settings.value(Variables.logFormat) == .auto { environment[Variables.logFormat.name] = "text" }
        self.environment = environment
    }

    /// What is not the same for every worker, or is meant for one worker alone on its machine.
    /// - Parameter number: of the worker, from 0.
    func workerEnvironment(_ number: Int) -> [String: String] {
        var values: [String: String] = [:]
        if environment[Variables.concurrency.name, default: ""].isEmpty {
            let cores = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
            values[Variables.concurrency.name] = "\(max(1, cores / max(1, workers.count)))"
        }
        // Each serves its metrics on a port of its own, counted up from the one given.
        if let metrics, metrics.port > 0 {
            values[Variables.metrics.name] = "\(HostPort(host: metrics.host, port: metrics.port + UInt16(number)))"
        }
        return values
    }

    /// Every process at its limit, and some for migrations, superusers and a look with psql.
    var maxConnections: Int { max(100, (nodes.count + workers.count) * connectionLimit + 20) }

    /// Where to point a browser, and where to ask whether the system is ready.
    var address: String {
        guard let text = listen.first(where: { !$0.hasPrefix("unix:") }) else { return listen[0] }
        let (host, port) = Self.split(text)
        let isWildcard = ["", "*", "0.0.0.0", "[::]"].contains(host)
        return "http://\(isWildcard ? "127.0.0.1" : host):\(port)"
    }

    /// Host and port of `host:port`, `port`, `host` or `[v6]:port`.
    static func split(_ text: String) -> (host: String, port: String) {
        if text.hasSuffix("]") { return (text, "80") }
        guard let colon = text.lastIndex(of: ":") else {
            return text.allSatisfy(\.isNumber) ? ("", text) : (text, "80")
        }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }
}
