internal import Logging
internal import Reactor
internal import Threading

/// A FastCGI responder for a table of routes. The dispatcher accepts and closes connections, the pool serves them.
final class FastCGIServer: Sendable {
    struct Configuration: Sendable {
        var listen: ListenAddress
        var access = SocketAccess()
        var threads: Int
        var connections: Int
        /// The web servers that may connect over TCP, with port 0; `nil` for all.
        var webServers: [SocketAddress]?
        /// How long requests in progress may go on after ``FastCGIServer/stop()``.
        var stopTimeout: Duration
    }

    private let configuration: Configuration
    private let listener: ListeningSocket
    private let socketFile: UnixSocketFile?
    private let responder: Responder
    private let dispatcher: Dispatcher
    private let logger: Logger
    private let isStopping = Monitor(false)

    /// Opens the listening socket.
    init(
        _ configuration: Configuration, routes: [Route], services: Services, logger: Logger
    ) throws(ListenError) {
        FastCGILibrary.start()
        self.configuration = configuration
        self.logger = logger
        listener = try configuration.listen.open(configuration.access)
        if case .unix(let path) = configuration.listen { socketFile = UnixSocketFile(path) } else { socketFile = nil }
        let metrics = ResponderMetrics(routes: routes.map(\.operation))
        let retirement = Retirement()
        let connections = ConnectionTable()
        do {
            let poller = try Poller()
            let responder = try Responder(
                threads: configuration.threads, connections: connections, poller: poller, router: Router(routes),
                services: services, metrics: metrics, logger: logger
            ) { retirement.dispatcher?.retire($0) }
            dispatcher = try Dispatcher(
                listener: listener, ownsListener: configuration.listen.isOwn, connections: connections,
                connectionPoller: poller,
                allowed: AllowedWebServers(configuration.webServers),
                maxConnections: DescriptorBudget.makeRoom(connections: configuration.connections), metrics: metrics,
                logger: logger
            ) { responder.accept($0) }
            self.responder = responder
        } catch {
            throw .system(error)
        }
        retirement.dispatcher = dispatcher
    }

    /// The address that the server listens on, with the actual port if port 0 was configured.
    var address: String { listener.localAddress?.description ?? configuration.listen.description }

    /// Serves until ``stop()``. Call it once.
    /// - Parameter answerWaiting: called when no more requests are accepted. It must cause the parked requests to be
    ///   answered.
    func run(answerWaiting: () -> Void) {
        let pool = responder.start()
        let hasEnded = Monitor(false)
        let thread = NamedThread("api-accept") {
            FastCGILibrary.blockSignals()
            self.dispatcher.run()
            hasEnded.broadcast { $0 = true }
        }
        _ = isStopping.wait { $0 ? true : nil }
        let deadline = MonotonicTime.current + configuration.stopTimeout
        // Remove the file first: the next process may listen on the path while this one finishes its requests.
        socketFile?.remove()
        dispatcher.drain()
        answerWaiting()
        if hasEnded.wait(for: max(.zero, deadline - .current), { $0 ? true : nil }) == nil {
            logger.warning("Closing connections whose requests did not finish in time")
            dispatcher.abort()
        }
        thread.join()
        responder.stop()
        for thread in pool { thread.join() }
        listener.close()
    }

    /// Ends ``run(answerWaiting:)``. Any thread may call it, before or after `run` begins; further calls have no
    /// effect.
    func stop() { isStopping.broadcast { $0 = true } }

    /// Connects the pool to the dispatcher, which does not exist yet when the pool is created.
    private final class Retirement: @unchecked Sendable {
        /// Set once, before any thread runs.
        weak var dispatcher: Dispatcher?
    }
}
