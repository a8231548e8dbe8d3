import AdminAccess
import Client
import Glibc
import Settings
import Supervisor

/// Runs PostgreSQL, nodes, workers and the balancer as child processes.
final class WholeSystem: Sendable {
    private let plan: UpPlan
    private let log: ServiceLog
    private let group = ServiceGroup()
    private let signals: StopSignals

    /// Call it on the first thread, before other threads exist (``StopSignals``).
    init(_ plan: UpPlan) {
        self.plan = plan
        signal(SIGPIPE, SIG_IGN)
        log = ServiceLog(names: ["millrace", "postgres", "balancer"] + plan.nodes + plan.workers)
        signals = StopSignals { [group] in group.stopNow() }
    }

    /// Runs until a signal asks it to stop. When it returns or throws, all child processes have ended.
    func run() throws {
        try ListenCheck(plan.listen, option: plan.listenOption).check()
        try Folder.make(plan.data, mode: Account.isRoot ? 0o711 : 0o700)
        let lock = try FolderLock(plan.data)
        defer { withExtendedLifetime(lock) {} }
        let tokenFile = plan.hasAdminToken ? nil : AdminTokenFile(in: plan.data)
        let token = try tokenFile?.readOrMake()
        let sockets = try SocketFolder.make(data: plan.data, runtime: plan.environment["XDG_RUNTIME_DIR"])
        try makeNodeFolder(sockets)
        defer { group.stop() }
        do {
            let database = try startDatabase(sockets: sockets)
            try migrate(database)
            try startParts(sockets: sockets, database: database, adminToken: token)
            try waitUntilReady()
        } catch is Stopped {
            return say("stopping")
        }
        print("Millrace is ready on \(plan.address) (Ctrl-C stops it)")
        if let tokenFile { print("The admin token is in \(tokenFile.path) (for curl: -H @\(tokenFile.path))") }
        fflush(nil)
        while !signals.wait(.seconds(3600)) {}
        say("stopping: the balancer first, then nodes, workers and PostgreSQL")
    }

    /// A signal arrived during the start.
    private struct Stopped: Error {}

    /// Makes the folder of the nodes' sockets. Only the user that the nodes run as may enter it.
    private func makeNodeFolder(_ sockets: String) throws {
        let folder = sockets + "/nodes"
        if let account = plan.account, let barrier = Folder.barrier(to: folder, for: account) {
            throw CommandFailure(
                description: """
                    nodes and workers run as the user \(account.name), and that user may not enter \(barrier); choose \
                    another --data, for example /var/lib/millrace
                    """)
        }
        try Folder.make(folder, mode: 0o700, for: plan.account)
    }

    private func say(_ line: String) { log.write(line, from: "millrace") }

    /// - Returns: the connection string for the other processes.
    private func startDatabase(sockets: String) throws -> String {
        if let database = plan.database { return database }
        let cluster = try PrivateCluster(
            data: plan.data, sockets: sockets, client: plan.account, environment: plan.environment)
        if try cluster.stopLeftover() { say("stopped a PostgreSQL server that an earlier start left running") }
        var settings = PostgresSettings()
        settings.maxConnections = plan.maxConnections
        if try cluster.prepare(settings) { say("created a PostgreSQL cluster in \(cluster.folder)") }
        let service = Service(
            "postgres", cluster.command, stopSignal: SIGINT, killSignal: SIGQUIT, stopTimeout: .seconds(60), log: log,
            prepare: { () throws(SetupError) in try cluster.stopLeftover() })
        group.start([service])
        try wait(.seconds(120), for: "PostgreSQL") { service.pid.map(cluster.isReady) ?? false }
        return cluster.connectionString
    }

    private func migrate(_ database: String) throws {
        let child = try ChildProcess(
            command(["migrate"], ["DATABASE_URL": database]), name: "migrate", output: log.output(of: "millrace"))
        while true {
            if let exit = child.waitForExit(.milliseconds(100)) {
                child.waitForOutput(.seconds(1))
                guard exit.isSuccess else {
                    throw CommandFailure(description: "the database migration failed: it \(exit)")
                }
                return
            }
            if signals.isRequested {
                _ = child.stop(SIGTERM, timeout: .seconds(2))
                throw Stopped()
            }
        }
    }

    /// - Parameter adminToken: the token of the file; `nil` if the environment has one. Children get it in their
    ///   environment, because other users can read the command line of a process.
    private func startParts(sockets: String, database: String, adminToken: AdminToken?) throws {
        let access = adminToken.map { [EnvironmentVariables.adminToken.name: $0.value] } ?? [:]
        group.start(
            plan.workers.enumerated().map { number, name in
                let values = ["DATABASE_URL": database, "WORKER_NAME": name]
                return Service(
                    name, command(["worker"], values.merging(plan.workerEnvironment(number)) { $1 }),
                    stopTimeout: .seconds(15), log: log)
            })
        let nodes = plan.nodes.enumerated().map { number, name in (name, "unix:\(sockets)/nodes/api-\(number + 1).sock")
        }
        group.start(
            nodes.map { name, socket in
                Service(
                    name,
                    command(
                        ["api", "--listen", socket],
                        access.merging(["DATABASE_URL": database, "APP_NAME": name]) { $1 }),
                    stopTimeout: .seconds(15), log: log)
            })
        let values = [
            "MILLRACE_LISTEN": plan.listen.joined(separator: ","),
            "MILLRACE_UPSTREAM": nodes.map(\.1).joined(separator: ","),
        ]
        // Start the balancer after the nodes: it counts an unreachable node as failed, and does not use it for a while.
        try wait(.seconds(60), for: "the API nodes") { nodes.allSatisfy { _, socket in accepts(socket) } }
        // SIGQUIT lets the balancer finish its open requests. Requests that wait for a result are answered when the
        // nodes are asked to stop. So the nodes are asked to stop one second after the balancer, and not only after the
        // balancer has ended.
        group.start(
            [
                Service(
                    "balancer", command(["balancer", "-p", plan.data], access.merging(values) { $1 }, as: nil),
                    stopSignal: SIGQUIT,
                    stopTimeout: .seconds(15), log: log)
            ], headStart: .seconds(1))
    }

    private func accepts(_ address: String) -> Bool {
        guard let address = ServerAddress(address) else { return false }
        let connection = HTTPConnection(to: address, timeout: .seconds(1))
        defer { connection.close() }
        return (try? connection.connect()) != nil
    }

    private func waitUntilReady() throws {
        let probe = ReadinessProbe(plan.address)
        try wait(.seconds(60), for: "GET /health on \(plan.address)") { probe.isHealthy }
    }

    static let program: String = {
        guard let path = realpath("/proc/self/exe", nil) else { return "/proc/self/exe" }
        defer { free(path) }
        return String(cString: path)
    }()

    /// A command that runs this program with other arguments, as the user without rights.
    private func command(_ arguments: [String], _ values: [String: String]) -> Command {
        command(arguments, values, as: plan.account)
    }

    /// - Parameter account: `nil` for the user of this process.
    private func command(_ arguments: [String], _ values: [String: String], as account: Account?) -> Command {
        var command = Command(
            Self.program, arguments, environment: plan.environment.merging(values) { $1 }, account: account)
        guard let account else { return command }
        // The user may not be able to enter the working folder, or to read a file `.env` in it. This process has read
        // that file, and passes its variables to the child.
        command.folder = plan.data
        // The user may also not be able to enter the program's folder, for example if it is in root's home. The kernel
        // opens the link `/proc/self/exe` without checking the folders on the path.
        if Folder.barrier(to: Self.program, for: account) != nil {
            command.name = Self.program
            command.program = "/proc/self/exe"
        }
        return command
    }

    /// - Parameter what: the part of the system, for the error message.
    private func wait(_ timeout: Duration, for what: String, _ condition: () -> Bool) throws {
        let deadline = ContinuousClock.now + timeout
        while !condition() {
            if signals.wait(.milliseconds(20)) { throw Stopped() }
            for service in group.services {
                if let failure = service.failure { throw CommandFailure(description: failure) }
                if service.restarts >= 4 {
                    throw CommandFailure(description: "\(service.name) does not start; see its log lines above")
                }
            }
            if ContinuousClock.now > deadline {
                throw CommandFailure(description: "\(what): not ready after \(timeout)")
            }
        }
    }
}
