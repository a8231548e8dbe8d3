internal import CLinux
internal import Glibc
internal import Logging
internal import Reactor
internal import Synchronization
internal import Threading

/// The thread that accepts connections, closes them and enforces their deadlines. The threads of the pool do the rest.
///
/// Connections beyond the limit wait in the backlog.
final class Dispatcher: @unchecked Sendable {
    private enum Token {
        static let wake: UInt64 = 0
        static let listener: UInt64 = 1
    }

    private enum Accepting {
        case open, full, closed
        case paused(until: MonotonicTime)
    }

    /// Waits for the listener and for calls from other threads.
    private let poller: Poller
    /// Waits for the connections; the pool's threads use it.
    private let connectionPoller: Poller
    private let connections: ConnectionTable
    private let wake = EventFD()
    private let listener: ListeningSocket
    private let ownsListener: Bool
    private let allowed: AllowedWebServers
    private let maxConnections: Int
    private let serve: @Sendable (FastCGIConnection) -> Void
    private let metrics: ResponderMetrics
    private let logger: Logger

    // Only the dispatcher's thread uses the following properties.
    private var nextID: UInt64 = 0
    private var accepting = Accepting.closed
    private var nextCheck = MonotonicTime.current

    private let retired = Mutex<[FastCGIConnection]>([])
    /// What other threads have requested.
    private let orders = Mutex<(drain: Bool, abort: Bool)>((false, false))

    /// - Parameters:
    ///   - ownsListener: `false` if the socket was inherited. Then other processes may also accept from it.
    ///   - maxConnections: how many connections may be open at the same time.
    ///   - serve: called with a connection on which a request has begun to arrive; it must not block.
    init(
        listener: ListeningSocket, ownsListener: Bool, connections: ConnectionTable, connectionPoller: Poller,
        allowed: AllowedWebServers, maxConnections: Int, metrics: ResponderMetrics, logger: Logger,
        serve: @escaping @Sendable (FastCGIConnection) -> Void
    ) throws(SystemError) {
        poller = try Poller()
        self.listener = listener
        self.ownsListener = ownsListener
        self.connections = connections
        self.connectionPoller = connectionPoller
        self.allowed = allowed
        self.maxConnections = maxConnections
        self.metrics = metrics
        self.logger = logger
        self.serve = serve
        guard poller.addLevel(wake.descriptor, Token.wake) else { throw SystemError("epoll_ctl") }
    }

    // MARK: From any thread

    /// Closes a connection that no pool thread owns any more.
    func retire(_ connection: FastCGIConnection) {
        retired.withLock { $0.append(connection) }
        wake.signal()
    }

    /// Stops accepting requests. ``run()`` ends when the last response is written.
    func drain() {
        orders.withLock { $0.drain = true }
        wake.signal()
    }

    /// Closes the connections that are still open.
    func abort() {
        orders.withLock { $0.abort = true }
        wake.signal()
    }

    // MARK: On the dispatcher's thread

    /// Runs until ``drain()`` was called and all connections are closed.
    func run() {
        openListener()
        var isDraining = false
        var isAborted = false
        while !(isDraining && connections.count == 0) {
            if let token = poller.wait(timeout: timeout) { handle(token) }
            closeRetired()
            let orders = orders.withLock { $0 }
            if orders.drain, !isDraining {
                isDraining = true
                drainConnections()
            }
            if orders.abort, !isAborted {
                isAborted = true
                expire(now: nil)
            }
            let now = MonotonicTime.current
            if now >= nextCheck {
                nextCheck = now + .seconds(1)
                expire(now: now)
            }
            if case .paused(let until) = accepting, now >= until { openListener() }
        }
    }

    private var timeout: Duration? {
        if case .paused = accepting { return ResponderTimeouts.exhausted }
        return connections.count == 0 ? nil : .seconds(1)
    }

    private func handle(_ token: UInt64) {
        if token == Token.wake { wake.drain() } else { accept() }
    }

    private func close(_ connection: FastCGIConnection) {
        guard connections.remove(connection) else { return }
        connection.close()
        metrics.connectionsChanged(to: connections.count)
        if case .full = accepting { openListener() }
    }

    private func closeRetired() {
        let connections = retired.withLock { retired in
            defer { retired.removeAll(keepingCapacity: true) }
            return retired
        }
        for connection in connections { close(connection) }
    }

    private func drainConnections() {
        // Accept what is in the backlog, then refuse new connections. A web server that is refused uses another node.
        // If its connection stayed in the backlog, the web server would wait, but get no answer. An inherited listener
        // does not refuse, because other processes may accept from it.
        accept()
        if ownsListener {
            listener.refuse()
            // On a unix socket, the backlog still holds connections that arrived between `accept` and `refuse`.
            accept()
        }
        closeListener(.closed)
        for connection in connections.all {
            switch connection.drain() {
            case .serve: serve(connection)
            case .close: close(connection)
            case .leave: break
            }
        }
    }

    private func expire(now: MonotonicTime?) {
        for connection in connections.all where connection.expire(now: now) { close(connection) }
    }

    // MARK: Accepting

    private func openListener() {
        guard poller.addLevel(listener.descriptor, Token.listener) else {
            accepting = .paused(until: .current + ResponderTimeouts.exhausted)
            return
        }
        accepting = .open
    }

    private func closeListener(_ state: Accepting) {
        if case .open = accepting { poller.forget(listener.descriptor) }
        accepting = state
    }

    private func accept() {
        guard case .open = accepting else { return }
        while connections.count < maxConnections {
            switch listener.accept() {
            case .none: return
            case .exhausted(let code):
                logger.warning(
                    "Cannot accept a connection: no file descriptor left",
                    metadata: ["error": "\(SystemError.text(code))"])
                return closeListener(.paused(until: .current + ResponderTimeouts.exhausted))
            case .connection(let socket, let peer):
                guard allowed.contains(peer) else {
                    socket.close()
                    continue
                }
                add(socket.descriptor, peer)
            }
        }
        closeListener(.full)
    }

    private func add(_ descriptor: CInt, _ peer: SocketAddress) {
        ConnectionSocket.prepare(descriptor, peer)
        nextID += 1
        guard let connection = FastCGIConnection(id: nextID, descriptor: descriptor, poller: connectionPoller) else {
            _ = Glibc.close(descriptor)
            return closeListener(.paused(until: .current + ResponderTimeouts.exhausted))
        }
        connections.insert(connection)
        metrics.connectionsChanged(to: connections.count)
        if !connectionPoller.add(descriptor, nextID) { close(connection) }
    }
}
