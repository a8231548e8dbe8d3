internal import Balancing
internal import NginxConfig
internal import Patterns
internal import Reactor
internal import Synchronization

/// One loop of the balancer on its own thread: its connections, its view of the upstreams, its logs.
///
/// Confined to the loop's thread, except where a method says otherwise.
final class BalancerLoop: @unchecked Sendable {
    let index: Int
    let events: EventLoop
    let shared: SharedState
    let counters: LoopCounters
    let logs: AccessLogBuffers
    private(set) var configuration: RunningConfiguration
    /// Of the response that is being read.
    let lentPieces = LentPieces()
    private(set) var isDraining = false
    private let end = Atomic<Bool>(false)

    let matcher = PatternMatcher()
    var identities = RequestIdentity()
    private let timeText = TimeText()
    private var lastHost: (address: SocketAddress, text: [UInt8])?
    private var upstreams: [LoopUpstream?] = []
    /// Of the first loop, which every reload keeps.
    private lazy var healthChecker = index == 0 ? HealthChecker(self) : nil
    private var listeners: [ListenerSocket] = []
    private var connections: ContiguousArray<ClientConnection> = []
    private var spareExchanges: ContiguousArray<Exchange> = []
    private var connectionNumber: UInt64 = 0
    /// Set before the threads start.
    var siblings: [BalancerLoop] = []

    init(index: Int, shared: SharedState, configuration: RunningConfiguration) throws(SystemError) {
        self.index = index
        self.shared = shared
        self.configuration = configuration
        counters = shared.counters[index]
        events = try EventLoop()
        logs = AccessLogBuffers(events: events, writer: shared.logWriter)
    }

    /// The wall time as text, up to date.
    var time: TimeText {
        timeText.update(to: events.wallTime)
        return timeText
    }

    /// The address without its port, as text; of a unix socket, its path. Nearly all connections have the same one.
    func host(of address: SocketAddress) -> [UInt8] {
        if lastHost?.address != address {
            let text = if case .unix = address { address.description } else { address.host }
            lastHost = (address, Array(text.utf8))
        }
        return lastHost!.text
    }

    var milliseconds: Milliseconds { events.now.milliseconds }

    /// It has no connections any more and is not to be asked for any. From any thread.
    var hasEnded: Bool {
        get { end.load(ordering: .acquiring) }
        set { end.store(newValue, ordering: .releasing) }
    }

    // MARK: Configuration

    /// Takes a new configuration and its listeners into use; those no longer named stop accepting.
    func adopt(_ configuration: RunningConfiguration, _ bound: [BoundListener]) {
        self.configuration = configuration
        healthChecker?.adopt(configuration)
        let mine = bound.flatMap { bound in bound.descriptors(for: index).map { (descriptor: $0, bound: bound) } }
        for listener in listeners where !mine.contains(where: { $0.descriptor == listener.descriptor }) {
            listener.stop()
        }
        let old = listeners
        listeners = mine.map { descriptor, bound in
            if let known = old.first(where: { $0.descriptor == descriptor }) {
                known.adopt(configuration, bound)
                return known
            }
            let listener = ListenerSocket(
                loop: self, descriptor: descriptor, configuration: configuration, bound)
            listener.start()
            return listener
        }
    }

    /// Stops accepting; connections end with the request they are in. The loop stops when the last is closed, or at
    /// the end of `timeout` (`worker_shutdown_timeout`).
    func drain(within timeout: Duration?) {
        guard !isDraining else { return }
        for listener in listeners {
            listener.stop()
            listener.acceptAll()
        }
        isDraining = true
        listeners = []
        healthChecker?.stop()
        for connection in connections { connection.drain() }
        if let timeout, timeout > .zero {
            events.set(events.makeTimer(DrainEnd(events)), after: timeout)
        }
        stopIfDrained()
    }

    /// The loop has stopped: what is left is closed.
    func closeAll() {
        healthChecker?.stop()
        for listener in listeners { listener.stop() }
        listeners = []
        for connection in connections { connection.end() }
        for upstream in upstreams { upstream?.closeAll() }
        logs.flushAll()
    }

    private func stopIfDrained() {
        guard isDraining, connections.isEmpty else { return }
        logs.flushAll()
        events.stop()
    }

    // MARK: Connections

    /// A new connection's number over the whole process, `$connection`; nil when the loop has all it may have.
    func register(_ connection: ClientConnection) {
        connection.placeInLoop = connections.count
        connections.append(connection)
        LoopCounters.add(counters.connections)
        LoopCounters.add(counters.accepted)
    }

    func nextConnectionNumber() -> UInt64 {
        connectionNumber += 1
        return connectionNumber * UInt64(shared.loops) + UInt64(index)
    }

    var connectionCount: Int { connections.count }
    /// The second in which idle connections were last given up.
    var lastReuse: Int64 = 0

    func forEachConnection(_ body: (ClientConnection) -> Void) {
        for connection in connections { body(connection) }
    }

    func unregister(_ connection: ClientConnection) {
        // The last one takes its place.
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.placeInLoop] = last
            last.placeInLoop = connection.placeInLoop
        }
        LoopCounters.add(counters.connections, -1)
        stopIfDrained()
    }

    func connectionCounts(addedTo counts: Exchange.ConnectionCounts) -> Exchange.ConnectionCounts {
        var counts = counts
        for connection in connections {
            switch connection.phase {
            case .idle: counts.waiting += 1
            case .head: counts.reading += 1
            case .exchange, .lingering: counts.writing += 1
            case .closed: break
            }
        }
        return counts
    }

    // MARK: Exchanges

    func takeExchange() -> Exchange { spareExchanges.popLast() ?? Exchange(loop: self) }

    func giveBack(_ exchange: consuming Exchange) {
        exchange.reset()
        if spareExchanges.count < 256 { spareExchanges.append(exchange) } else { exchange.dispose() }
    }

    // MARK: Upstreams

    func upstream(_ shared: SharedUpstream) -> LoopUpstream {
        while upstreams.count <= shared.index { upstreams.append(nil) }
        if let known = upstreams[shared.index] { return known }
        let upstream = LoopUpstream(loop: self, shared: shared)
        upstreams[shared.index] = upstream
        return upstream
    }

    /// Tells a loop that its longest-waiting request may pick.
    func wake(_ loop: Int?, for upstream: SharedUpstream) {
        guard let loop else { return }
        if loop == index {
            events.later { self.upstream(upstream).wakeFirst() }
        } else {
            siblings[loop].post { $0.upstream(upstream).wakeFirst() }
        }
    }

    /// From any thread.
    func post(_ work: @escaping @Sendable (BalancerLoop) -> Void) {
        events.post { work(self) }
    }
}

/// Stops a loop whose connections have not ended in time.
private final class DrainEnd: TimerHandler {
    // The loop keeps this object.
    private unowned let events: EventLoop

    init(_ events: EventLoop) { self.events = events }

    func timerFired(_ timer: EventLoop.Timer) { events.stop() }
}
