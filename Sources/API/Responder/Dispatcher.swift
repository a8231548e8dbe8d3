internal import CLinux
internal import Glibc
internal import Logging
internal import Reactor
internal import Synchronization
internal import Threading

/// The thread that accepts connections, closes them, and keeps their time. In between they belong to the pool.
///
/// Connections beyond the limit stay in the backlog.
final class Dispatcher: @unchecked Sendable {
    private enum Token {
        static let wake: UInt64 = 0
        static let listener: UInt64 = 1
    }

    private enum Accepting {
        case open, full, closed
        case paused(until: MonotonicTime)
    }

    /// Of the listener, and of calls from other threads.
    private let poller: Poller
    /// Of the connections.
    private let connectionPoller: Poller
    private let connections: ConnectionTable
    private let wake = EventFD()
    private let listener: ListeningSocket
    private let ownsListener: Bool
    private let allowed: AllowedPeers
    private let limit: Int
    private let serve: @Sendable (Connection) -> Void
    private let metrics: ResponderMetrics
    private let logger: Logger

    // What follows is the thread's own.
    private var nextID: UInt64 = 0
    private var accepting = Accepting.closed
    private var nextCheck = MonotonicTime.current

    private let retired = Mutex<[Connection]>([])
    /// What other threads ask of it: no more requests, or an end in any case.
    private let orders = Mutex<(drain: Bool, abort: Bool)>((false, false))

    /// - Parameters:
    ///   - ownsListener: `false`: the socket was handed over, and other processes may accept from it.
    ///   - limit: the most connections at a time.
    ///   - serve: takes a connection with a request that has begun to arrive; must not block.
    init(
        listener: ListeningSocket, ownsListener: Bool, connections: ConnectionTable, connectionPoller: Poller,
        allowed: AllowedPeers, limit: Int,
        metrics: ResponderMetrics, logger: Logger, serve: @escaping @Sendable (Connection) -> Void
    ) throws(SystemError) {
        poller = try Poller()
        self.listener = listener
        self.ownsListener = ownsListener
        self.connections = connections
        self.connectionPoller = connectionPoller
        self.allowed = allowed
        self.limit = limit
        self.metrics = metrics
        self.logger = logger
        self.serve = serve
        guard poller.addLevel(wake.descriptor, Token.wake) else { throw SystemError("epoll_ctl") }
    }

    // MARK: From any thread

    /// A connection that its thread is done with is to be closed.
    func retire(_ connection: Connection) {
        retired.withLock { $0.append(connection) }
        wake.signal()
    }

    /// Takes no more requests, and ends when the last reply is written.
    func drain() {
        orders.withLock { $0.drain = true }
        wake.signal()
    }

    /// Breaks what is left.
    func abort() {
        orders.withLock { $0.abort = true }
        wake.signal()
    }

    // MARK: Its thread

    /// Runs until it is drained.
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
        if case .paused = accepting { return Limits.exhausted }
        return connections.count == 0 ? nil : .seconds(1)
    }

    private func handle(_ token: UInt64) {
        if token == Token.wake { wake.drain() } else { accept() }
    }

    private func close(_ connection: Connection) {
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
        // Who has connected is served or told; who connects from now on is refused, and asks another node, instead of
        // waiting in a backlog that nobody will look into. A listener that others share is theirs.
        accept()
        if ownsListener {
            listener.refuse()
            // On a unix socket, who came in between is still to be had.
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
            accepting = .paused(until: .current + Limits.exhausted)
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
        while connections.count < limit {
            switch listener.accept() {
            case .none: return
            case .exhausted(let code):
                logger.warning("No descriptor left for a connection", metadata: ["error": "\(SystemError.text(code))"])
                return closeListener(.paused(until: .current + Limits.exhausted))
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
        guard let connection = Connection(id: nextID, descriptor: descriptor, poller: connectionPoller) else {
            _ = Glibc.close(descriptor)
            return closeListener(.paused(until: .current + Limits.exhausted))
        }
        connections.insert(connection)
        metrics.connectionsChanged(to: connections.count)
        if !connectionPoller.add(descriptor, nextID) { close(connection) }
    }
}
