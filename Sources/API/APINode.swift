internal import AdminAccess
package import Logging
package import Queue
package import Reactor
package import Tasks

/// One API node: a FastCGI responder with the API's routes on top of a queue.
package final class APINode: Sendable {
    package struct Configuration: Sendable {
        package var listen: ListenAddress
        /// What `GET /health` calls the node.
        package var name: String
        /// Threads that read, run handlers and write, at least 2. Waiting requests and idle connections need none.
        package var threads = 8
        /// Connections from web servers at a time; more wait in the backlog.
        package var connections = 4096
        /// The administrator's; `nil`: administrative calls are taken from this machine only.
        package var adminToken: String?
        /// Web servers that may connect over TCP, with port 0; `nil`: all (`FCGI_WEB_SERVER_ADDRS`).
        package var webServers: [SocketAddress]?
        /// How long ``APINode/run()`` takes at most from ``APINode/stop()`` to its return, for what is under way.
        package var stopLimit = Duration.seconds(10)

        package init(listen: ListenAddress, name: String) {
            self.listen = listen
            self.name = name
        }
    }

    private let server: FastCGIServer
    private let queue: QueueClient
    private let logger: Logger

    /// Opens the listening socket; connections wait in its backlog until ``run()``.
    package init(
        _ configuration: Configuration, types: TaskRegistry, queue: QueueClient, logger: Logger
    ) throws(ListenError) {
        self.queue = queue
        self.logger = logger
        server = try FastCGIServer(
            FastCGIServer.Configuration(
                listen: configuration.listen, threads: max(2, configuration.threads),
                connections: configuration.connections, webServers: configuration.webServers,
                stopLimit: configuration.stopLimit),
            routes: RouteTable.make(types),
            services: Services(
                queue: queue, types: types, node: configuration.name,
                adminAccess: AdminAccess(token: configuration.adminToken)),
            logger: logger)
    }

    /// The address it listens on: tells the port when 0 was asked for.
    package var address: String { server.address }

    /// Serves until ``stop()``. Then takes no more connections and requests, lets waiting clients know how far their
    /// tasks are, writes what is under way, shuts the queue down and joins all threads. To be called once.
    package func run() {
        logger.info("Ready", metadata: ["listen": "\(address)"])
        server.run { queue.endWaiting() }
        queue.shutdown()
        logger.info("Stopped")
    }

    /// Makes ``run()`` end. From any thread, also before it runs; a second call changes nothing.
    package func stop() { server.stop() }
}
