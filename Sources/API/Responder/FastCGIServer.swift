internal import Logging
internal import Reactor
internal import Threading

/// A FastCGI responder for a table of routes: the dispatcher, which accepts and closes, and the pool, which serves.
final class FastCGIServer: Sendable {
    struct Configuration: Sendable {
        var listen: ListenAddress
        var threads: Int
        var connections: Int
        /// See ``AllowedPeers``.
        var webServers: [SocketAddress]?
        /// How long ``FastCGIServer/run(answerWaiting:)`` may take to end.
        var stopLimit: Duration
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
        listener = try configuration.listen.open()
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
                allowed: AllowedPeers(configuration.webServers),
                limit: DescriptorLimit.makeRoom(connections: configuration.connections), metrics: metrics,
                logger: logger
            ) { responder.accept($0) }
            self.responder = responder
        } catch {
            throw .system(error)
        }
        retirement.dispatcher = dispatcher
    }

    /// The address it listens on: tells the port when 0 was asked for.
    var address: String { listener.localAddress?.description ?? configuration.listen.description }

    /// Serves until ``stop()``. To be called once.
    /// - Parameter answerWaiting: called when no more requests are taken; makes sure that those that wait are answered.
    func run(answerWaiting: () -> Void) {
        let pool = responder.start()
        let hasEnded = Monitor(false)
        let thread = NamedThread("api-accept") {
            FastCGILibrary.blockSignals()
            self.dispatcher.run()
            hasEnded.broadcast { $0 = true }
        }
        _ = isStopping.wait { $0 ? true : nil }
        let deadline = MonotonicTime.current + configuration.stopLimit
        // The next process may take the path while this one finishes what it has.
        socketFile?.remove()
        dispatcher.drain()
        answerWaiting()
        if hasEnded.wait(for: max(.zero, deadline - .current), { $0 ? true : nil }) == nil {
            logger.warning("Breaking off what is still under way")
            dispatcher.abort()
        }
        thread.join()
        responder.stop()
        for thread in pool { thread.join() }
        listener.close()
    }

    /// Makes ``run(answerWaiting:)`` end. From any thread, also before it runs; a second call changes nothing.
    func stop() { isStopping.broadcast { $0 = true } }

    /// The way back from the pool to the dispatcher, which does not exist yet when the pool is made.
    private final class Retirement: @unchecked Sendable {
        /// Set once, before any thread runs.
        weak var dispatcher: Dispatcher?
    }
}
