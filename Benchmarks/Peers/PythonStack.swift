internal import Client
internal import FoundationEssentials
internal import Glibc
internal import JSON
internal import Reactor
internal import Supervisor
internal import TestSupport

/// A Python stack: nginx, an API on granian, a queue and a worker.
final class PythonStack {
    enum Kind: String, CaseIterable {
        case pgqueuer = "nginx + granian + pgqueuer"
        case celery = "nginx + granian + Celery, Redis"
    }

    let target: SocketAddress
    private let port: UInt16
    private let cluster: BenchCluster
    private var nginx: MeasuredProgram?
    private var api: MeasuredProgram?
    private var queue: MeasuredProgram?
    private var worker: MeasuredProgram?

    /// - Parameters:
    ///   - python: the folder of a Python environment with the packages of `requirements.txt`.
    ///   - programs: the folder with the Python programs.
    init(_ kind: Kind, cluster: BenchCluster, folder: TemporaryFolder, python: String, programs: String) throws {
        port = freePort()
        target = .ipv4(0x7f00_0001, port: port)
        self.cluster = cluster
        let redis = folder.path + "/redis.sock"
        let socket = folder.path + "/granian.sock"
        let environment = [
            "BENCH_PGHOST": cluster.socketFolder, "BENCH_REDIS": redis, "PYTHONPATH": programs,
            "PYTHONDONTWRITEBYTECODE": "1", "C_FORCE_ROOT": "1",
        ]
        func run(_ name: String, _ command: [String], stop: CInt = SIGTERM) throws -> MeasuredProgram {
            try MeasuredProgram(name, command, environment: environment, folder: folder.path, stopSignal: stop)
        }
        let processes: Int
        switch kind {
        case .pgqueuer:
            processes = 1
            worker = try run("worker", [python + "/bin/python", programs + "/pgqueuer_worker.py"])
        case .celery:
            processes = 2
            queue = try run(
                "redis",
                [
                    "redis-server", "--port", "0", "--unixsocket", redis, "--dir", folder.path, "--appendonly", "yes",
                    "--appendfsync", "everysec", "--save", "", "--daemonize", "no", "--logfile", "/dev/null",
                ])
            try queue?.wait(until: "redis listens") { access(redis, F_OK) == 0 }
            worker = try run(
                "celery",
                [
                    python + "/bin/celery", "-q", "-A", "celery_app", "worker", "-P", "prefork", "-c", "2", "-O",
                    "fair",
                    "-l", "error", "--without-gossip", "--without-mingle", "--without-heartbeat",
                ])
        }
        api = try run(
            "granian",
            [
                python + "/bin/granian", "--interface", "rsgi", "--uds", socket, "--uds-permissions", "666",
                "--workers", "\(processes)", "--loop",
                "uvloop", "--http", "1", "--no-ws", "--runtime-mode", "st", "--no-access-log", "--log-level", "error",
                "\(kind == .pgqueuer ? "pgqueuer_api" : "celery_api"):application",
            ])
        try Data(Self.configuration(port: port, socket: socket).utf8)
            .write(to: URL(filePath: folder.path + "/nginx.conf"))
        nginx = try run("nginx", ["nginx", "-e", "stderr", "-p", folder.path, "-c", folder.path + "/nginx.conf"])
        try nginx?.wait(until: "\(kind.rawValue) answers") { (try? unfinished()) != nil }
    }

    func stop() {
        for program in [nginx, api, worker, queue] { program?.stop() }
    }

    var processorTime: ProcessorTime {
        func roots(_ program: MeasuredProgram?) -> [Int32] { program.map { [$0.pid] } ?? [] }
        return .used(
            by: [
                ProcessorTime.Part(name: "balancer", roots: roots(nginx)),
                ProcessorTime.Part(name: "nodes", roots: roots(api)),
                ProcessorTime.Part(name: "database", roots: cluster.part.roots + roots(queue)),
                ProcessorTime.Part(name: "workers", roots: roots(worker)),
            ])
    }

    /// The number of unfinished tasks.
    func unfinished() throws -> Int {
        let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: .seconds(5))
        let reply = try connection.request("GET", "/unfinished")
        guard reply.status == 200, case .string(let count)? = try reply.json()["unfinished"] else {
            throw BenchError("GET /unfinished: \(reply.status)")
        }
        return Int(count) ?? 0
    }

    private static func configuration(port: UInt16, socket: String) -> String {
        """
        daemon off;
        worker_processes auto;
        pid nginx.pid;
        error_log stderr error;
        events { worker_connections 1024; }
        http {
            access_log off;
            client_body_temp_path client_body_temp;
            proxy_temp_path proxy_temp;
            fastcgi_temp_path fastcgi_temp;
            scgi_temp_path scgi_temp;
            uwsgi_temp_path uwsgi_temp;
            upstream api {
                server unix:\(socket);
                keepalive 64;
                keepalive_requests 1000000;
            }
            server {
                listen 127.0.0.1:\(port);
                location / {
                    proxy_pass http://api;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                }
            }
        }
        """
    }
}
