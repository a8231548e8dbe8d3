internal import Client
internal import FoundationEssentials
internal import Glibc
internal import Postgres
internal import Supervisor
internal import TestSupport
internal import Threading

/// The system under test. Each part is a process that is started again when it ends. If this process can create network
/// namespaces, each part runs on its own host, which is a namespace.
final class ChaosSystem: Sendable {
    enum Kind: String, CaseIterable { case worker, node, balancer, postgres = "PostgreSQL" }

    struct Part: Sendable {
        let kind: Kind
        let service: Service
        /// nil if all parts are on this host.
        let host: TestNetwork.Host?
    }

    static let nodes = (1...3).map { "api-\($0)" }
    static let workers = (1...3).map { "worker-\($0)" }

    let parts: [Part]
    /// nil if all parts are on this host, so that none can be cut off.
    let network: TestNetwork?

    private let folder = TemporaryFolder()
    private let started = Monitor<[Part]>([])
    private let endpoint: ServerAddress
    private let nodeEndpoints: [ServerAddress]
    private let cluster: PrivateCluster
    private let migrate: Command

    init(program: String) throws {
        let network = Self.makeNetwork()
        self.network = network
        let layout = try Layout(program: program, folder: folder, network: network)
        cluster = layout.cluster
        migrate = layout.migrate
        endpoint = .tcp(host: layout.balancerHost, port: layout.port)
        nodeEndpoints = layout.nodeEndpoints
        parts = layout.parts
        do {
            try start()
        } catch {
            stop()
            throw error
        }
    }

    private static func makeNetwork() -> TestNetwork? {
        guard geteuid() == 0 else {
            say("no host is cut off, because this process is not root")
            return nil
        }
        do {
            return try TestNetwork(hosts: ["postgres", "balancer"] + nodes + workers)
        } catch {
            say("no host is cut off: \(error)")
            return nil
        }
    }

    private func start() throws {
        let server = parts(.postgres)[0]
        start(server)
        try eventually("PostgreSQL is ready", within: .seconds(60)) {
            guard server.service.restarts == 0 else { throw TestFailure("PostgreSQL does not start") }
            return server.service.pid.map(cluster.isReady) ?? false
        }
        let exit = try ChildProcess(migrate, name: "migrate", output: .discarded).waitForExit()
        guard exit.isSuccess else { throw TestFailure("millrace migrate \(exit)") }
        for part in parts where part.kind != .postgres && part.kind != .balancer { start(part) }
        // If a node did not listen yet, the balancer would count it as failed.
        try eventually("all nodes listen", within: .seconds(60)) { nodeEndpoints.allSatisfy(isListening) }
        start(parts(.balancer)[0])
        try eventually("the system is ready", within: .seconds(60)) {
            (try? connection(timeout: .seconds(2)).request("GET", "/health"))?.status == 200
        }
    }

    private func start(_ part: Part) {
        started.withLock { $0.append(part) }
        part.service.start()
    }

    func stop() {
        let parts = started.withLock { $0 }
        for kind in [Kind.balancer, .node, .worker, .postgres] {
            let services = parts.filter { $0.kind == kind }.map(\.service)
            for service in services { service.askToStop() }
            for service in services where !service.waitUntilStopped(service.stopTimeout) { service.kill() }
        }
        network?.remove()
    }

    func parts(_ kind: Kind) -> [Part] { parts.filter { $0.kind == kind } }

    func connection(timeout: Duration = .seconds(30)) -> HTTPConnection {
        HTTPConnection(to: endpoint, timeout: timeout)
    }

    /// A database session for the checker. It uses the unix socket, so it works while hosts are cut off.
    func database() throws -> PostgresConnection {
        try PostgresConnection(
            PostgresConfiguration(
                connectionString: "host=\(cluster.socketFolder) user=postgres dbname=millrace",
                responseTimeout: .seconds(30)))
    }
}
