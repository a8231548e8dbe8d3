internal import Balancing
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// A client's HTTP/1 connection: takes one request after the other, and sends the responses in the same order.
///
/// ``HTTP1Machine`` makes the decisions, and this class does the I/O. Between requests it holds no buffers, no reader
/// and no exchange: an idle connection only needs this object and a descriptor.
final class HTTP1Connection: ClientConnection, EventHandler, TimerHandler {
    let loop: BalancerLoop
    let listener: ListenerSocket
    let transport: any Transport
    let info: ClientInfo
    var placeInLoop = 0
    private(set) var idleSince: MonotonicTime
    /// The key under which `client_max_connections` counts the connection; empty if it is not counted.
    private var clientPlace: [UInt8]
    private var registration: EventLoop.Registration!
    private var timer: EventLoop.Timer!
    private(set) var timeout = HTTP1Machine.Timeout.none

    var machine: HTTP1Machine
    var exchange: Exchange?
    var reader: HTTP1Reader?
    var input: ByteBuffer?
    var writer: HTTP1Writer

    /// Whether the descriptor may have bytes. Events are edge-triggered, so the loop reports this only once.
    var isReadable = false
    /// Whether ``pump()`` is running. While it runs, it must not be called again.
    var isPumping = false
    /// Whether to close with a reset, so that the kernel drops the unsent bytes.
    private var resetsAtClose = false
    /// The lingering close: when it ends at the latest (`lingering_time`), and how long it waits for more bytes
    /// (`lingering_timeout`).
    private var lingering = (end: MonotonicTime(nanoseconds: 0), timeout: Duration.zero)

    /// When the loop is about to end, the client of an idle connection may still send one more request within this
    /// time.
    private static let drainGrace = Duration.seconds(1)
    /// When `limit_rate` has stopped the response, the client gets more bytes after this pause.
    private static let rateInterval = Duration.milliseconds(100)

    /// - Parameter place: The result of ``ListenerSocket/takePlace(for:)``. The place is given back when the connection
    ///   ends.
    init(
        _ transport: any Transport, from address: SocketAddress, listener: ListenerSocket, place: [UInt8]
    ) throws(SystemError) {
        clientPlace = place
        self.listener = listener
        let loop = listener.loop
        self.loop = loop
        machine = HTTP1Machine(awaitsProxyHeader: listener.settings.hasProxyProtocol)
        writer = HTTP1Writer(buffers: loop.events.buffers)
        idleSince = loop.events.now
        self.transport = transport
        info = ClientInfo(
            number: loop.nextConnectionNumber(), address: address,
            local: listener.address.isWildcard ? nil : listener.address, transport: transport, openedAt: idleSince)
        registration = try loop.events.add(transport.descriptor, self, awaitsWritable: false)
        timer = loop.events.makeTimer(self)
        loop.register(self)
        arm(.header)
    }

    /// The location whose settings apply now. Do not copy the settings: a copy increments the reference count of each
    /// of their arrays.
    var location: RunningLocation { exchange?.location ?? listener.defaultLocation }

    var isIdle: Bool { machine.isIdle }
    var activity: ConnectionActivity { machine.activity }

    /// Applies `client_max_connections` after the PROXY header with the client's address has arrived.
    func takePlace(for address: SocketAddress) -> Bool {
        guard let place = listener.takePlace(for: address) else { return false }
        clientPlace = place
        return true
    }

    // MARK: Events

    func handle(_ readiness: Readiness) {
        guard !machine.isClosed else { return }
        if readiness.contains(.failed) || readiness.contains(.hungUp) {
            if machine.hungUp(ignoresAbort: location.settings.upstream.ignoresClientAbort) { abort() }
            return
        }
        if readiness.contains(.writable), !writer.isWritable {
            writer.isWritable = true
            resumeWriting()
            guard !machine.isClosed else { return }
        }
        if readiness.contains(.peerClosed) { machine.peerClosed() }
        if readiness.contains(.readable) || machine.isPeerClosed {
            isReadable = true
            pump()
        }
    }

    func timerFired(_ timer: EventLoop.Timer) {
        let timeout = timeout
        self.timeout = .none
        switch machine.timedOut(timeout, hasInput: input?.isEmpty == false) {
        case .none: break
        case .close: close()
        case .refuseHead: refuseHead()
        case .refuseBody: refuseBody()
        case .abort:
            exchange?.log(.info, "client timed out while sending to client")
            resetsAtClose = location.settings.client.resetsTimedOutConnections
            abort()
        case .resumeWriting:
            writer.isHeldBack = false
            resumeWriting()
        }
    }

    /// Continues to send, because the client can take bytes again.
    private func resumeWriting() {
        flushResponse()
        if responseBacklog < Exchange.highWaterMark / 2 { exchange?.clientDrained() }
    }

    /// Sets the timer. `.none` does not stop a running timer: usually, the timer is set again before it fires. If it
    /// does fire, it does nothing.
    func arm(_ timeout: HTTP1Machine.Timeout) {
        guard !machine.isClosed, !writer.isHeldBack || timeout == .rate else { return }
        self.timeout = timeout
        let duration: Duration
        switch timeout {
        case .none: return
        case .keepalive: duration = location.settings.client.keepaliveTimeout
        case .header: duration = listener.defaultLocation.settings.client.headerTimeout
        case .body: duration = location.settings.client.bodyTimeout
        case .send: duration = location.settings.client.sendTimeout
        case .linger: duration = lingering.timeout
        case .rate: duration = Self.rateInterval
        }
        loop.events.set(timer, after: duration)
    }

    /// Asks the loop to report when the kernel takes more bytes.
    func awaitWritable() { loop.events.awaitWritable(registration, transport.descriptor) }

    // MARK: Between requests

    func becomeIdle() {
        // Set the timer before the exchange is given back: the timeout is a setting of the exchange's location.
        arm(.keepalive)
        recycleExchange()
        idleSince = loop.events.now
        // If the loop began to drain during the request, `drain()` has skipped this connection.
        if loop.isDraining { drain() }
    }

    func drain() {
        guard machine.isBetweenRequests else { return }
        // A request may be on its way. The balancer still answers it, with `Connection: close`. nginx would close the
        // connection at once, and such a request would fail.
        timeout = .keepalive
        loop.events.set(timer, after: Self.drainGrace)
    }

    func linger() {
        let settings = location.settings
        lingering = (loop.events.now + settings.client.lingeringTime, settings.client.lingeringTimeout)
        releaseExchange()
        idleSince = loop.events.now
        input?.removeAll()
        transport.shutdownWriting()
        arm(.linger)
    }

    /// Extends the lingering close, because the client has sent more bytes, which are dropped.
    func lingerOn() {
        input?.removeAll()
        if loop.events.now >= lingering.end { close() } else { arm(.linger) }
    }

    // MARK: Ends

    func abort() {
        if let exchange, machine.isInExchange {
            if machine.awaitsResponse { exchange.clientGone() }
            exchange.complete()
        }
        close()
    }

    func abort(resets: Bool) {
        resetsAtClose = resets
        abortResponse()
    }

    func close() {
        guard machine.closed() else { return }
        releaseExchange()
        loop.events.buffers.giveBack(&input)
        writer.giveBackBuffers()
        loop.events.remove(registration)
        loop.events.remove(timer)
        if resetsAtClose { transport.reset() } else { transport.close() }
        if !clientPlace.isEmpty { loop.shared.clientConnections.leave(clientPlace) }
        loop.unregister(self)
    }

    private func releaseExchange() {
        exchange?.clientGone()
        recycleExchange()
    }

    private func recycleExchange() {
        if let exchange = exchange.take() { loop.giveBack(exchange) }
        if let reader = reader.take() { loop.giveBack(reader) }
    }
}
