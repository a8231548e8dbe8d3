internal import Balancing
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// A client's HTTP/1 connection: takes one request after the other, and gives their responses back in order.
///
/// Between requests it holds no buffers and no exchange: an idle connection is this object and a descriptor.
final class ClientConnection: EventHandler, TimerHandler {
    enum Phase {
        /// Between requests.
        case idle
        /// A head has begun to come in.
        case head
        /// An exchange is under way: its body, its response, or both.
        case exchange
        /// The last response is out; what the client still sends is thrown away for a while, since closing with unread
        /// bytes would reset the connection and take the response with it (nginx: `lingering_close`).
        case lingering
        case closed
    }

    enum TimerKind {
        case none, keepalive, header, body, send, linger, rate
    }

    let loop: BalancerLoop
    let listener: ListenerSocket
    let transport: Transport
    let info: ClientInfo
    /// Where the worker has it in its list.
    var placeInLoop = 0
    /// Since when it is between requests, while it is.
    var idleSince: MonotonicTime
    /// Where `client_max_connections` counts it; empty: nowhere.
    private(set) var place: [UInt8]
    private var registration: EventLoop.Registration!
    private var timer: EventLoop.Timer!
    private(set) var timerKind = TimerKind.none

    var phase = Phase.idle
    var exchange: Exchange?
    var input: ByteBuffer?
    var output: ByteBuffer?
    /// What of a file is to follow the output.
    var filePart: FilePart?
    var spool: ResponseSpool?
    /// `lingering_timeout` of the last response.
    var lingeringTimeout = Duration.zero
    /// `limit_rate`: when the client may have more.
    var isHeldBack = false
    var encoder = ResponseEncoder()

    var isReadable = false
    var isWritable = true
    var isPeerClosed = false
    var isProcessing = false
    /// `proxy_protocol`: before the first request.
    var awaitsProxyHeader: Bool
    var isBodyDone = true
    var isResponseDone = false
    var keepsAlive = false
    var bytesWritten = 0
    var bytesAtStart = 0
    var headBytes = 0
    /// Where in the output the head begins that is being written.
    var headStart = 0
    var bodyStartedAt = MonotonicTime(nanoseconds: 0)
    /// The client is to see a reset, and the kernel to forget what is unsent.
    var resetsAtClose = false
    var lingersUntil = MonotonicTime(nanoseconds: 0)

    /// - Parameter place: of ``ListenerSocket/takePlace(for:)``; left when the connection is closed
    init(
        _ socket: Socket, from address: SocketAddress, listener: ListenerSocket, place: [UInt8]
    ) throws(SystemError) {
        self.place = place
        self.listener = listener
        loop = listener.loop
        awaitsProxyHeader = listener.settings.hasProxyProtocol
        idleSince = listener.loop.events.now
        transport = .plain(socket)
        info = ClientInfo(
            number: loop.nextConnectionNumber(), address: address,
            local: listener.address.isWildcard ? nil : listener.address, transport: transport, openedAt: idleSince)
        registration = try loop.events.add(socket.descriptor, self, awaitsWritable: false)
        timer = loop.events.makeTimer(self)
        loop.register(self)
        arm(.header)
    }

    /// Whose settings hold now. Those are not to be copied: that would count references to each of their lists.
    var location: RunningLocation { exchange?.location ?? listener.defaultLocation }

    /// May be closed without harm to a request that is known of.
    var isIdle: Bool { phase == .idle || phase == .lingering }

    /// `client_max_connections`, when the PROXY protocol has told the client.
    func takePlace(for address: SocketAddress) -> Bool {
        guard let place = listener.takePlace(for: address) else { return false }
        self.place = place
        return true
    }

    // MARK: Events

    func handle(_ readiness: Readiness) {
        guard phase != .closed else { return }
        if readiness.contains(.failed) || readiness.contains(.hungUp) {
            guard ignoresAbort else { return lost() }
            isPeerClosed = true
            return
        }
        if readiness.contains(.writable), !isWritable {
            isWritable = true
            flushResponse()
            guard phase != .closed else { return }
            if responseBacklog < UpstreamConnection.congestion / 2 { exchange?.clientDrained() }
        }
        if readiness.contains(.peerClosed) { isPeerClosed = true }
        if readiness.contains(.readable) || isPeerClosed {
            isReadable = true
            pump()
        }
    }

    /// `fastcgi_ignore_client_abort`: the node is let finish; that the client has gone shows when it is written to.
    var ignoresAbort: Bool {
        phase == .exchange && isBodyDone && !isResponseDone && location.settings.fastCGI.ignoresClientAbort
    }

    func timerFired(_ timer: EventLoop.Timer) {
        let kind = timerKind
        timerKind = .none
        switch kind {
        case .none: break
        case .keepalive: close()
        case .linger: close()
        case .header:
            guard let exchange, let input, !input.isEmpty else { return close() }
            keepHeadSoFar(input, exchange)
            beginExchange(bodyDone: true)
            exchange.refuse(.headerTimeout)
            pump()
        case .body: bodyTimedOut()
        case .send:
            exchange?.log(.info, "client timed out while sending to client")
            resetsAtClose = location.settings.client.resetsTimedOutConnections
            lost()
        case .rate:
            isHeldBack = false
            flushResponse()
            if responseBacklog < UpstreamConnection.congestion / 2 { exchange?.clientDrained() }
        }
    }

    func bodyTimedOut() {
        exchange?.refuse(.bodyTimeout)
        pump()
    }

    /// How long an idle connection may take to send one more request when the worker is to end.
    private static let lastGrace = Duration.seconds(1)

    /// The worker is to end: so does this connection, as soon as no exchange is under way.
    func drain() {
        guard phase == .idle else { return }
        // A request may be on its way: it is answered, with the word that the connection ends. nginx closes at once,
        // and the client's request fails.
        timerKind = .keepalive
        loop.events.set(timer, after: Self.lastGrace)
    }

    // MARK: Ends

    /// The client is gone, in the middle of whatever it was.
    func lost() {
        if let exchange, phase == .exchange {
            if !isResponseDone { exchange.clientGone() }
            exchange.complete()
        }
        close()
    }

    /// The process ends, or its loop does.
    func end() { lost() }

    func releaseExchange() {
        guard let exchange else { return }
        self.exchange = nil
        exchange.clientGone()
        loop.giveBack(exchange)
    }

    func close() {
        guard phase != .closed else { return }
        phase = .closed
        releaseExchange()
        loop.events.buffers.giveBack(&input)
        loop.events.buffers.giveBack(&output)
        filePart = nil
        spool = nil
        loop.events.remove(registration)
        loop.events.remove(timer)
        if resetsAtClose { transport.reset() } else { transport.close() }
        if !place.isEmpty { loop.shared.clientConnections.leave(place) }
        loop.unregister(self)
    }

    /// The client takes no more for now.
    func awaitWritable() {
        isWritable = false
        loop.events.awaitWritable(registration, transport.descriptor)
    }

    /// With `.none`, the timer stays as it is and means nothing any more: it is set anew before it fires, mostly.
    func arm(_ kind: TimerKind) {
        guard phase != .closed, !isHeldBack || kind == .rate else { return }
        timerKind = kind
        let duration: Duration
        switch kind {
        case .none: return
        case .keepalive: duration = location.settings.client.keepaliveTimeout
        case .header: duration = listener.defaultLocation.settings.client.headerTimeout
        case .body: duration = location.settings.client.bodyTimeout
        case .send: duration = location.settings.client.sendTimeout
        case .linger: duration = lingeringTimeout
        case .rate: duration = rateDelay
        }
        loop.events.set(timer, after: duration)
    }
}
