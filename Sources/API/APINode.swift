internal import AdminAccess
package import Logging
package import Queue
package import Reactor
package import Tasks

/// One API node: a FastCGI responder that serves the API's routes with a queue client.
package final class APINode: Sendable {
    package struct Configuration: Sendable {
        package var listen: ListenAddress
        package var socketAccess = SocketAccess()
        /// The node's name in `GET /health`.
        package var name: String
        /// The number of threads that read requests, run handlers and write responses; at least 2. Waiting requests and
        /// idle connections use no thread.
        package var threads = 8
        /// The maximum number of open connections from web servers. Further connections wait in the backlog.
        package var connections = 4096
        /// The admin token. If it is `nil`, only keys with the scope `admin` can make administrative calls.
        package var adminToken: String?
        /// What clients without a key may do (`MILLRACE_ANONYMOUS`).
        package var anonymous = AnonymousPolicy.all
        /// Addresses (with port 0) of the web servers that may connect over TCP (`FCGI_WEB_SERVER_ADDRS`); `nil` for
        /// all.
        package var webServers: [SocketAddress]?
        /// How long requests in progress may go on after ``APINode/stop()``. After this time, their connections are
        /// closed.
        package var stopTimeout = Duration.seconds(10)

        package init(listen: ListenAddress, name: String) {
            self.listen = listen
            self.name = name
        }
    }

    private let server: FastCGIServer
    private let queue: QueueClient
    private let logger: Logger

    /// Opens the listening socket. Connections wait in its backlog until ``run()``.
    /// - Parameter types: the task types that clients can submit.
    package init(
        _ configuration: Configuration, types: TaskRegistry, queue: QueueClient, logger: Logger
    ) throws(ListenError) {
        self.queue = queue
        self.logger = logger
        server = try FastCGIServer(
            FastCGIServer.Configuration(
                listen: configuration.listen, access: configuration.socketAccess,
                threads: max(2, configuration.threads),
                connections: configuration.connections, webServers: configuration.webServers,
                stopTimeout: configuration.stopTimeout),
            routes: RouteTable.make(types, configuration.anonymous),
            services: Services(
                queue: queue, types: types, node: configuration.name,
                access: AccessControl(
                    adminAccess: AdminAccess(token: configuration.adminToken), anonymous: configuration.anonymous,
                    clients: queue.clients), logger: logger),
            logger: logger)
    }

    /// The address that the node listens on, with the actual port if port 0 was configured.
    package var address: String { server.address }

    /// Serves until ``stop()``. Call it once.
    ///
    /// After `stop()` the node accepts no more connections and requests, answers waiting clients with the current state
    /// of their tasks, finishes the responses in progress, shuts the queue client down and joins all threads.
    package func run() {
        logger.info("Ready", metadata: ["listen": "\(address)"])
        server.run { queue.endWaiting() }
        queue.shutdown()
        logger.info("Stopped")
    }

    /// Ends ``run()``. Any thread may call it, before or after `run()` begins; further calls have no effect.
    package func stop() { server.stop() }
}
