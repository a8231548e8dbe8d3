import Client
import FoundationEssentials
import Glibc
import JSON
import Supervisor
import TestSupport

/// `millrace up` as a child process with a free port and its own data folder.
final class RunningSystem: Sendable {
    /// A system for tests that do not break it and do not depend on the tasks of other tests.
    static let shared: Result<RunningSystem, any Error> = Result {
        let system = try RunningSystem()
        atexit {
            guard let system = try? RunningSystem.shared.get() else { return }
            _ = try? system.stop(SIGKILL)
            Folder.remove(system.folder.path)
        }
        return system
    }

    let port: UInt16
    let data: String
    let program: Program
    private let folder: TemporaryFolder

    /// Starts the system, and waits until it is ready.
    /// - Parameter system: a stopped system whose data folder and port are used again.
    init(
        nodes: Int = 2, workers: Int = 2, environment: [String: String] = [:],
        after system: RunningSystem? = nil,
        arguments: [String] = []
    ) throws {
        folder = system?.folder ?? TemporaryFolder()
        port = system?.port ?? freePort()
        data = folder.file("data")
        program = try Program.millrace(
            [
                "up", "--listen", "127.0.0.1:\(port)", "--data", data, "--api", "\(nodes)", "--workers",
                "\(workers)",
            ]
                + arguments,
            environment: Self.quietEnvironment.merging(environment) { $1 }, folder: folder.path)
        try program.waitForText("Millrace is ready", within: .seconds(90))
    }

    /// Variables that switch off the rate limit and override the settings of this machine.
    static let quietEnvironment = [
        "RATE_LIMIT_REQUESTS": "0", "DATABASE_URL": "", "DB_HOST": "", "DB_NAME": "",
        "MILLRACE_ADMIN_TOKEN": "",
        "DB_BASE_BACKOFF": "0.05", "MILLRACE_LISTEN": "", "MILLRACE_USER": Account.isRoot ? "nobody" : "",
    ]

    /// The admin token that `up` has made, as a header.
    func adminHeader() throws -> (String, String) {
        let line = try String(contentsOfFile: "\(data)/admin.token", encoding: .utf8)
        return ("Authorization", String(line.dropFirst("Authorization: ".count).dropLast()))
    }

    var url: String { "http://127.0.0.1:\(port)" }

    func connection(timeout: Duration = .seconds(90)) -> HTTPConnection {
        HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: timeout)
    }

    /// Runs SQL in the system's database, as the superuser.
    @discardableResult
    func sql(_ statements: String) throws -> String {
        try Psql("host=\(data)/run/postgres user=postgres dbname=millrace")(statements)
    }

    func nodeSocket(_ number: Int) -> String { "\(data)/run/nodes/api-\(number).sock" }

    /// The child process that runs `subcommand`; for `postgres`, the PostgreSQL server. If there are several, they are
    /// sorted by process id, and `number` is the index.
    func child(_ subcommand: String, _ number: Int = 0) throws -> RunningProcess {
        try eventually("a \(subcommand) process") {
            let matches = children(subcommand)
            return matches.count > number ? matches[number] : nil
        }
    }

    func children(_ subcommand: String) -> [RunningProcess] {
        RunningProcess.all.filter { process in
            process.parent == program.process.pid
                && (process.arguments.dropFirst().first == subcommand
                    || (subcommand == "postgres" && process.arguments.first?.hasSuffix("/postgres") == true))
        }.sorted { $0.pid < $1.pid }
    }

    /// Sends `signal`, and waits until all processes of the system have ended.
    @discardableResult
    func stop(_ signal: CInt = SIGTERM, within timeout: Duration = .seconds(60)) throws -> ExitReason {
        let family = RunningProcess.descendants(of: program.process.pid)
        program.process.signal(signal)
        let exit = try program.waitForExit(within: timeout)
        try eventually("all processes of the system have ended", within: .seconds(20)) {
            family.allSatisfy { !$0.isRunning }
        }
        return exit
    }
}
