internal import Client
internal import FoundationEssentials
internal import Glibc
internal import Supervisor
internal import TestSupport

/// The commands of the parts, their hosts, and the addresses by which they find each other.
struct Layout {
    let cluster: PrivateCluster
    let balancerHost: String
    let port: UInt16
    let nodeEndpoints: [ServerAddress]
    let parts: [ChaosSystem.Part]
    /// The command that creates the schema. It runs on this host.
    let migrate: Command

    private static let nodePort = 9000

    init(program: String, folder: TemporaryFolder, network: TestNetwork?) throws {
        let program = Folder.absolute(program)
        let log = ServiceLog(names: ["postgres", "balancer"] + ChaosSystem.nodes + ChaosSystem.workers)
        var environment = ProcessInfo.processInfo.environment
        cluster = try PrivateCluster(data: folder.path, sockets: folder.file("run"), environment: environment)
        try cluster.prepare(PostgresSettings())
        var database = cluster.connectionString
        if let network, let host = network.hosts["postgres"] {
            database = "host=\(host.address) user=millrace dbname=millrace"
            let hosts = network.hosts.values.map { "host millrace millrace \($0.address)/32 trust\n" }
            try Self.append("listen_addresses = '\(host.address)'\n", to: cluster.folder + "/custom.conf")
            try Self.append(hosts.joined(), to: cluster.folder + "/pg_hba.conf")
        }
        port = network == nil ? freePort() : 8000
        balancerHost = network?.hosts["balancer"]?.address ?? "127.0.0.1"
        let upstream = ChaosSystem.nodes.map { name in
            network?.hosts[name].map { "\($0.address):\(Self.nodePort)" } ?? "unix:\(folder.file("\(name).sock"))"
        }
        nodeEndpoints = upstream.compactMap(ServerAddress.init)
        environment.merge([
            "RATE_LIMIT_REQUESTS": "0", "MILLRACE_LOG_LEVEL": "error", "MILLRACE_WORKER_CONCURRENCY": "2",
            "DATABASE_URL": database, "DB_HOST": "", "DB_NAME": "",
            "MILLRACE_UPSTREAM": upstream.joined(separator: ","),
            "MILLRACE_LISTEN": "\(balancerHost):\(port)", "MILLRACE_ADMIN_TOKEN": "",
        ]) { $1 }
        // The nodes' unix sockets belong to the user of this process.
        if network == nil { environment["MILLRACE_USER"] = Account.current?.name }
        func part(
            _ kind: ChaosSystem.Kind, _ name: String, _ arguments: [String], _ values: [String: String] = [:],
            stopSignal: CInt = SIGTERM
        ) -> ChaosSystem.Part {
            let command = Command(program, arguments, environment: environment.merging(values) { $1 })
            let host = network?.hosts[name]
            return ChaosSystem.Part(
                kind: kind,
                service: Service(
                    name, host?.command(command) ?? command, stopSignal: stopSignal, stopTimeout: .seconds(15), log: log
                ),
                host: host)
        }
        let host = network?.hosts["postgres"]
        let server = Service(
            "postgres", host?.command(cluster.command) ?? cluster.command, stopSignal: SIGINT, killSignal: SIGQUIT,
            stopTimeout: .seconds(60), log: log,
            prepare: { [cluster] () throws(SetupError) in try cluster.stopLeftover() })
        parts =
            [
                ChaosSystem.Part(kind: .postgres, service: server, host: host),
                part(.balancer, "balancer", ["balancer", "-p", folder.path], stopSignal: SIGQUIT),
            ]
            + zip(ChaosSystem.nodes, upstream).map { name, address in
                part(.node, name, ["api", "--listen", address], ["APP_NAME": name])
            }
            + ChaosSystem.workers.map { part(.worker, $0, ["worker"], ["WORKER_NAME": $0]) }
        environment["DATABASE_URL"] = cluster.connectionString
        migrate = Command(program, ["migrate"], environment: environment)
    }

    private static func append(_ line: String, to file: String) throws {
        guard let handle = fopen(file, "a") else { throw TestFailure("cannot write \(file)") }
        defer { fclose(handle) }
        fputs(line, handle)
    }
}
