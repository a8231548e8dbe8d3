import Client
import Glibc
import JSON
import Supervisor
import TestSupport

/// `millrace up` as a child, on a port and a data folder of its own.
final class WholeSystem: Sendable {
    /// For tests that do not break anything and do not count what others may add.
    static let shared: Result<WholeSystem, any Error> = Result {
        let system = try WholeSystem()
        atexit {
            guard let system = try? WholeSystem.shared.get() else { return }
            _ = try? system.stop(SIGKILL)
            Folder.remove(system.folder.path)
        }
        return system
    }

    let port: UInt16
    let data: String
    let program: Program
    private let folder: TemporaryFolder

    /// Starts it and waits until it is ready.
    /// - Parameter system: whose data folder to go on with.
    init(
        nodes: Int = 2, workers: Int = 2, environment: [String: String] = [:],
        after system: WholeSystem? = nil,
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

    /// No limits that a test would meet, and nothing of the machine's.
    static let quietEnvironment = [
        "RATE_LIMIT_REQUESTS": "0", "DATABASE_URL": "", "DB_HOST": "", "DB_NAME": "",
        "MILLRACE_ADMIN_TOKEN": "",
        "DB_BASE_BACKOFF": "0.05", "MILLRACE_LISTEN": "",
    ]

    var url: String { "http://127.0.0.1:\(port)" }

    func connection(timeout: Duration = .seconds(90)) -> HTTPConnection {
        HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: timeout)
    }

    /// Looks into its database.
    @discardableResult
    func sql(_ statements: String) throws -> String {
        try Psql("host=\(data)/run/postgres user=postgres dbname=millrace")(statements)
    }

    func nodeSocket(_ number: Int) -> String { "\(data)/run/api-\(number).sock" }

    /// The child that runs a subcommand, the `number`th by process id; `postgres` is the server.
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

    /// Ends it with `signal` and waits for it, and for all that it started.
    @discardableResult
    func stop(_ signal: CInt = SIGTERM, within limit: Duration = .seconds(60)) throws -> ExitReason {
        let family = RunningProcess.descendants(of: program.process.pid)
        program.process.signal(signal)
        let exit = try program.waitForExit(within: limit)
        try eventually("nothing of it is left", within: .seconds(20)) {
            family.allSatisfy { !$0.isRunning }
        }
        return exit
    }
}
