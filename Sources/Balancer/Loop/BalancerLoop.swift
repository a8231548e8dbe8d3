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
    let connector: UpstreamConnector
    private(set) var configuration: RunningConfiguration
    private(set) var isDraining = false
    private let end = Atomic<Bool>(false)
    /// Set before the threads start.
    var siblings: [BalancerLoop] = []

    private var listeners: [ListenerSocket] = []
    private(set) var connections: ClientConnectionTable
    private var upstreams: [LoopUpstream?] = []
    /// Of the first loop, which every reload keeps.
    private lazy var healthChecker = index == 0 ? HealthChecker(self) : nil

    // Memory that requests share
    private var pool = RequestPool()
    private var texts = TextCache()
    let matcher = PatternMatcher()
    var requestIDs = RequestIDGenerator()
    /// For the key of a single `limit_req`.
    var limitKey: [UInt8] = []
    /// Of the response that is being read.
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

    /// The wall time as text, up to date.
    var time: TimeText { texts.time(events.wallTime) }

    /// The address without its port, as text; of a unix socket, its path.
    func host(of address: SocketAddress) -> [UInt8] { texts.host(of: address) }

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
        for connection in connections.all { connection.drain() }
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
        for connection in connections.all { connection.abort() }
        for upstream in upstreams { upstream?.closeAll() }
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

    /// A new connection's number.
    func nextConnectionNumber() -> UInt64 { connections.nextNumber() }

    /// Logs at most once a second that idle connections are closed to make room.
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
