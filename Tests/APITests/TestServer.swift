import AdminAccess
import FoundationEssentials
import Glibc
import HTTPWire
import Logging
import Postgres
import Queue
import Reactor
import Tasks
import TestSupport
import Testing
import Threading

@testable import API

/// A FastCGI server on a unix socket. It serves the routes that a test gives it, and does not use the queue.
final class TestServer {
    let folder = TemporaryFolder()
    let server: FastCGIServer
    let address: SocketAddress
    private let thread: NamedThread
    private var isStopped = false

    init(
        _ routes: [Route], threads: Int = 4, connections: Int = 4096, stopTimeout: Duration = .seconds(10),
        listen: ListenAddress? = nil, answerWaiting: @escaping @Sendable () -> Void = {}
    ) throws {
        let path = folder.file("s")
        let server = try FastCGIServer(
            .init(
                listen: listen ?? .unix(path: path), threads: threads, connections: connections, webServers: nil,
                stopTimeout: stopTimeout),
            routes: routes, services: .unreachable, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.server = server
        address = try server.boundAddress
        thread = NamedThread("test-server") { server.run(answerWaiting: answerWaiting) }
    }

    deinit { stop() }

    func client() throws -> FastCGIClient { try FastCGIClient(address) }

    func stop() {
        guard !isStopped else { return }
        isStopped = true
        server.stop()
        thread.join()
    }
}

extension FastCGIServer {
    var boundAddress: SocketAddress {
        get throws {
            if address.hasPrefix("unix:") { return .unix(String(address.dropFirst(5))) }
            let colon = address.lastIndex(of: ":")!
            let host = address[..<colon].filter { $0 != "[" && $0 != "]" }
            return SocketAddress(numeric: String(host), port: UInt16(address[address.index(after: colon)...])!)!
        }
    }
}

extension Services {
    /// Services with an unreachable database.
    static var unreachable: Services {
        let postgres = PostgresConfiguration(connectionString: "host=/nonexistent")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let queue = QueueClient(.init(postgres: postgres), logger: logger)
        return Services(
            queue: queue, types: .builtIn, node: "api-test",
            access: AccessControl(
                adminAccess: AdminAccess(token: nil), anonymous: .all, clients: queue.clients), logger: logger)
    }
}

extension Route {
    static func test(_ method: HTTPMethod = .get, _ path: String, _ handler: @escaping Handler) -> Route {
        Route(
            method: method, path: path, operation: path, summary: "", replies: [], access: .open, server: .node(handler)
        )
    }

    /// A GET is answered with its method, a POST with its body.
    static let echo = [
        Route.test(.get, "/echo") { (request, _) throws(Problem) in .now(.text(request.method)) },
        Route.test(.post, "/echo") { (request, _) throws(Problem) in
            .now(APIResponse(200, contentType: "application/octet-stream", body: request.body))
        },
    ]
}

extension APIResponse {
    static func text(_ text: String) -> APIResponse {
        APIResponse(200, contentType: "text/plain", body: Array(text.utf8))
    }
}

/// Tests with servers in this process. The tests run one at a time, because some of them count the threads of the
/// process.
@Suite(.serialized) enum ServerTests {}

/// The number of node threads in this process.
func nodeThreadCount() throws -> Int {
    var count = 0
    let folder = try #require(opendir("/proc/self/task"))
    defer { closedir(folder) }
    while let entry = readdir(folder) {
        let task = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        guard let name = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8) else { continue }
        if name.hasPrefix("api-") { count += 1 }
    }
    return count
}
