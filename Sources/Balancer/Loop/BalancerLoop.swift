internal import Balancing
internal import NginxConfig
internal import Patterns
internal import Reactor
internal import Synchronization

/// One loop of the balancer on its own thread, with its connections, its side of the upstreams, and its logs.
///
/// Use it only on the loop's thread, except where a method says otherwise.
final class BalancerLoop: @unchecked Sendable {
    let index: Int
    let events: EventLoop
    let shared: SharedState
    let counters: LoopCounters
    let logs: AccessLogBuffers
    let connector: UpstreamConnector
    private(set) var configuration: RunningConfiguration
    private(set) var isDraining = false
    private let end = Atomic<Bool>(false)
    /// All loops, by index. They are set before the threads start.
    var siblings: [BalancerLoop] = []

    private var listeners: [ListenerSocket] = []
    private(set) var connections: ClientConnectionTable
    private var upstreams: [LoopUpstream?] = []
    /// The active health checks. The first loop runs them, because no reload ends this loop.
    private lazy var healthChecker = index == 0 ? HealthChecker(self) : nil

    // Memory that requests share
    private var pool = RequestPool()
    private var texts = TextCache()
    let matcher = PatternMatcher()
    var requestIDs = RequestIDGenerator()
    /// Memory for the key of a request at a location that has exactly one `limit_req`.
    var limitKey: [UInt8] = []
    /// Memory for the value that a `map` looks up.
    var mapSource: [UInt8] = []
    /// The bytes of a peer's response that are sent to the client without being copied. They are here only while the
    /// bytes of a read are processed.
    let lentPieces = LentPieces()

    init(
        index: Int, shared: SharedState, configuration: RunningConfiguration, connector: UpstreamConnector = .fastCGI
    ) throws(SystemError) {
        self.index = index
        self.shared = shared
        self.configuration = configuration
        self.connector = connector
        counters = shared.counters[index]
        connections = ClientConnectionTable(loop: index, loops: shared.maxLoops)
        events = try EventLoop()
        logs = AccessLogBuffers(events: events, writer: shared.logWriter)
    }

    /// The current wall time as text.
    var time: TimeText { texts.time(events.wallTime) }

    /// The address without its port, as text. For a unix socket, it is the path.
    func host(of address: SocketAddress) -> [UInt8] { texts.host(of: address) }

    var milliseconds: Milliseconds { events.now.milliseconds }

    /// Whether the loop has ended: it has no connections, and takes no more work. May be called from any thread.
    var hasEnded: Bool {
        get { end.load(ordering: .acquiring) }
        set { end.store(newValue, ordering: .releasing) }
    }

    // MARK: Configuration

    /// Uses a new configuration and its listeners. Listeners that are not in `bound` stop accepting.
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

    /// Stops accepting. Each connection closes after its current request. The loop stops when the last connection is
    /// closed, or at the end of `timeout` (`worker_shutdown_timeout`).
    func drain(within timeout: Duration?) {
        guard !isDraining else { return }
        for listener in listeners {
            listener.stop()
            listener.acceptAll()
        }
        isDraining = true
        listeners = []
        healthChecker?.stop()
        for connection in connections.all { connection.drain() }
        if let timeout, timeout > .zero {
            events.set(events.makeTimer(DrainEnd(events)), after: timeout)
        }
        stopIfDrained()
    }

    /// Closes all remaining connections after the loop has stopped.
    func closeAll() {
        healthChecker?.stop()
        for listener in listeners { listener.stop() }
        listeners = []
        for connection in connections.all { connection.abort() }
        for upstream in upstreams { upstream?.closeAll() }
        pool.removeAll()
        logs.flushAll()
    }

    private func stopIfDrained() {
        guard isDraining, connections.count == 0 else { return }
        logs.flushAll()
        events.stop()
    }

    // MARK: Connections

    func register(_ connection: any ClientConnection) {
        connections.insert(connection)
        LoopCounters.add(counters.connections)
        LoopCounters.add(counters.accepted)
    }

    func unregister(_ connection: any ClientConnection) {
        connections.remove(connection)
        LoopCounters.add(counters.connections, -1)
        stopIfDrained()
    }

    /// The number of a new connection (`$connection`).
    func nextConnectionNumber() -> UInt64 { connections.nextNumber() }

    /// Logs, at most once per second, that idle connections are closed to make room.
    func logReuse(_ reason: String) {
        if connections.noteReuse(in: events.wallTime.seconds) {
            configuration.errorLog.log(.warn, "\(reason), reusing connections")
        }
    }

    // MARK: Pools

    func takeExchange() -> Exchange { pool.takeExchange() ?? Exchange(loop: self) }

    func giveBack(_ exchange: Exchange) { pool.giveBack(exchange) }

    func takeReader() -> HTTP1Reader { pool.takeReader() ?? HTTP1Reader() }

    func giveBack(_ reader: HTTP1Reader) { pool.giveBack(reader) }

    // MARK: Upstreams

    func upstream(_ shared: SharedUpstream) -> LoopUpstream {
        while upstreams.count <= shared.index { upstreams.append(nil) }
        if let known = upstreams[shared.index] { return known }
        let upstream = LoopUpstream(loop: self, shared: shared)
        upstreams[shared.index] = upstream
        return upstream
    }

    /// Tells a loop that its oldest queued request may pick a peer.
    func wake(_ loop: Int?, for upstream: SharedUpstream) {
        guard let loop else { return }
        if loop == index {
            events.later { self.upstream(upstream).wakeFirst() }
        } else {
            siblings[loop].post { $0.upstream(upstream).wakeFirst() }
        }
    }

    /// Runs `work` on the loop's thread. May be called from any thread.
    func post(_ work: @escaping @Sendable (BalancerLoop) -> Void) {
        events.post { work(self) }
    }
}

/// Stops a loop whose connections have not ended in time.
private final class DrainEnd: TimerHandler {
    // Not a strong reference, because the event loop owns this object through the timer.
    private unowned let events: EventLoop

    init(_ events: EventLoop) { self.events = events }

    func timerFired(_ timer: EventLoop.Timer) { events.stop() }
}
