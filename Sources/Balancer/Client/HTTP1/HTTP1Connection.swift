internal import Balancing
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// A client's HTTP/1 connection: takes one request after the other, and gives their responses back in order.
///
/// The I/O side of ``HTTP1Machine``. Between requests it holds no buffers, no reader and no exchange: an idle connection
/// is this object and a descriptor.
final class HTTP1Connection: ClientConnection, EventHandler, TimerHandler {
    let loop: BalancerLoop
    let listener: ListenerSocket
    let transport: any Transport
    let info: ClientInfo
    var placeInLoop = 0
    private(set) var idleSince: MonotonicTime
    /// Where `client_max_connections` counts it; empty: nowhere.
    private var clientPlace: [UInt8]
    private var registration: EventLoop.Registration!
    private var timer: EventLoop.Timer!
    private(set) var timeout = HTTP1Machine.Timeout.none

    var machine: HTTP1Machine
    var exchange: Exchange?
    var reader: HTTP1Reader?
    var input: ByteBuffer?
    var writer: HTTP1Writer

    /// The descriptor may have bytes. Edge-triggered: the loop tells once.
    var isReadable = false
    /// ``pump()`` is under way: what it causes must not start it again.
    var isPumping = false
    /// The client must see a reset, and the kernel forget what is unsent.
    private var resetsAtClose = false
    /// `lingering_time` and `lingering_timeout` of the last response.
    private var lingering = (end: MonotonicTime(nanoseconds: 0), timeout: Duration.zero)

    /// How long an idle connection may take to send one more request when the loop is to end.
    private static let drainGrace = Duration.seconds(1)
    /// When the client has had its share of `limit_rate`, it gets more after this time.
    private static let rateInterval = Duration.milliseconds(100)

    /// - Parameter place: What ``ListenerSocket/takePlace(for:)`` counted; given back when the connection is closed.
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

    /// Whose settings hold now. They are not to be copied: that would count references to each of their lists.
    var location: RunningLocation { exchange?.location ?? listener.defaultLocation }

    var isIdle: Bool { machine.isIdle }
    var activity: HTTP1Machine.Activity { machine.activity }

    /// `client_max_connections`, when the PROXY protocol has told the client's address.
    func takePlace(for address: SocketAddress) -> Bool {
        guard let place = listener.takePlace(for: address) else { return false }
        clientPlace = place
        return true
    }

    // MARK: Events

    func handle(_ readiness: Readiness) {
        guard !machine.isClosed else { return }
        if readiness.contains(.failed) || readiness.contains(.hungUp) {
            if machine.hungUp(ignoresAbort: location.settings.fastCGI.ignoresClientAbort) { abort() }
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

    /// The client takes bytes again.
    private func resumeWriting() {
        flushResponse()
        if responseBacklog < UpstreamConnection.highWaterMark / 2 { exchange?.clientDrained() }
    }

    /// The timer keeps running with `.none`, and means nothing: mostly it is set again before it fires.
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

    /// The kernel takes no more for now.
    func awaitWritable() { loop.events.awaitWritable(registration, transport.descriptor) }

    // MARK: Between requests

    func becomeIdle() {
        // As long as the request's location says.
        arm(.keepalive)
        recycleExchange()
        idleSince = loop.events.now
        // This response may have begun before the loop was told to end.
        if loop.isDraining { drain() }
    }

    func drain() {
        guard machine.isBetweenRequests else { return }
        // A request may be on its way: it is answered, and told that the connection ends. nginx closes at once, and the
        // client's request fails.
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

    /// Bytes came that nobody wants.
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
