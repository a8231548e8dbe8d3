internal import Balancing
internal import HTTPWire
internal import NginxConfig
internal import Reactor
internal import Synchronization

/// One request and its response: from the head that a client sent to the last byte that it gets.
///
/// The I/O side of ``ExchangeMachine``. Objects are used again, with their memory.
final class Exchange: TimerHandler {
    /// Memory for a body beyond this is not kept for the next one.
    private static let sparedBody = 128 * 1024
    /// Request bytes waiting for the node beyond which no more is read from the client.
    static let congestion = 128 * 1024

    let loop: BalancerLoop
    /// Parses the head, and holds it; ranges point into ``headBytes``.
    var parser = RequestParser()
    var headBytes: [UInt8] = []

    private(set) unowned(unsafe) var client: (any ResponseSink)!
    private(set) var info: ClientInfo!
    private(set) var configuration: RunningConfiguration!
    private(set) var server: RunningServer!
    private(set) var location: RunningLocation!

    // The node's side
    var machine = ExchangeMachine(isIdempotent: true)
    var lease: Lease?
    /// It asks for a `health_check`, not for a client.
    private(set) var probe: HealthProbe?
    var connection: UpstreamConnection?
    var tried = TriedPeers()
    /// Since when it waits for a place at a node.
    var queuedAt = MonotonicTime(nanoseconds: 0)
    /// Since when it waits for any usable node; nil: it need not.
    var strandedAt: MonotonicTime?
    var attempts: [UpstreamAttempt] = []

    // The request's body
    /// Takes it out of the bytes of an HTTP/1 connection: here, since an idle one has no use for it.
    var decoder = BodyDecoder(.none)
    var heldBody: [UInt8] = []
    /// What of the body did not fit into ``heldBody``.
    var requestSpool: RequestSpool?
    /// A node is asked when all of the body is here.
    private(set) var holdsWholeBody = false
    /// Everything of the body that has come is in ``heldBody``.
    var isBodyHeld = true
    var isBodyComplete = false
    var bodyCount = 0
    var wasCongested = false
    /// Nobody wants the body any more.
    var isBodyUnwanted = false

    /// `limit_rate`, or what the node says of it.
    var limitRate = 0
    /// The node's response may be kept for a slow client.
    var mayBuffer = true

    // For variables and logs
    var realAddress: SocketAddress?
    private(set) var startedAt = MonotonicTime(nanoseconds: 0)
    var status = 0
    var responseHeaders: [(name: [UInt8], value: [UInt8])] = []
    var upstreamBytesReceived = 0
    var upstreamBytesSent = 0
    var groups = PatternGroups()
    var mapDepth = 0
    /// The way to an `error_page`.
    var redirect: InternalRedirect?
    /// `stub_status` waits for what the other loops say.
    var isAskingLoops = false
    /// The response is the connection's last: where the request ends is not known.
    var mustClose = false
    var limitStatus: StaticString = ""
    var connectionLimitStatus: StaticString = ""
    /// Where `limit_conn` counts this request until its end.
    var countedIn: [(zone: ConnectionZone, key: [UInt8])] = []
    /// Memory for the key of a single `limit_req`.
    var limitKey: [UInt8] = []
    private var shownID: [UInt8] = []
    private var generatedID: [UInt8] = []
    /// When the params were first made: nginx sends the next node the same bytes, also for `$msec`.
    var paramsTime: WallTime?
    var isMakingParams = false
    /// `$traceparent`, where the client sent none.
    var generatedTrace: [UInt8] = []
    private(set) var isResponseBegun = false
    private(set) var isComplete = false

    /// Tells a late callback that the object is in other use.
    private(set) var generation: UInt64 = 0
    private var timer: EventLoop.Timer!
    private(set) var timerMeaning = TimerMeaning.none

    enum TimerMeaning {
        case none
        case queue
        /// Before a stranded request looks again.
        case stranded
        /// `limit_req` without `nodelay`.
        case delayed
    }

    init(loop: BalancerLoop) {
        self.loop = loop
        timer = loop.events.makeTimer(self)
    }

    /// Ready for the next use.
    func reset() {
        generation += 1
        parser.reset()
        headBytes.removeAll(keepingCapacity: true)
        client = nil
        info = nil
        configuration = nil
        server = nil
        location = nil
        lease = nil
        probe = nil
        connection = nil
        tried.removeAll()
        strandedAt = nil
        attempts.removeAll(keepingCapacity: true)
        if heldBody.capacity > Self.sparedBody { heldBody = [] }
        if !heldBody.isEmpty { heldBody.removeAll(keepingCapacity: true) }
        requestSpool = nil
        mayBuffer = true
        isBodyHeld = true
        isBodyComplete = false
        bodyCount = 0
        wasCongested = false
        isBodyUnwanted = false
        realAddress = nil
        status = 0
        if !responseHeaders.isEmpty { responseHeaders.removeAll(keepingCapacity: true) }
        upstreamBytesReceived = 0
        upstreamBytesSent = 0
        groups.removeAll()
        redirect = nil
        isAskingLoops = false
        mustClose = false
        limitStatus = ""
        connectionLimitStatus = ""
        leaveConnectionZones()
        if !shownID.isEmpty { shownID.removeAll(keepingCapacity: true) }
        if !generatedID.isEmpty { generatedID.removeAll(keepingCapacity: true) }
        paramsTime = nil
        if !generatedTrace.isEmpty { generatedTrace = [] }
        isResponseBegun = false
        isComplete = false
        stopTimer()
    }

    /// It is not used again.
    func dispose() { loop.events.remove(timer) }

    // MARK: The request

    /// Says whose request it is, before its head is parsed or refused.
    func open(client: any ResponseSink, info: ClientInfo, configuration: RunningConfiguration, server: RunningServer) {
        self.client = client
        self.info = info
        self.configuration = configuration
        self.server = server
        location = server.locations[0]
        parser.limits = server.headLimits
        parser.rules = server.requestRules
        limitRate = 0
        startedAt = loop.events.now
    }

    /// The head is there: decides what becomes of the request.
    func begin(listener: ListenerSocket) {
        // There was a reload since its first byte: the listener's servers are those of another configuration.
        if configuration !== listener.configuration {
            configuration = listener.configuration
            server = listener.defaultServer
            location = server.locations[0]
        }
        if listener.settings.needsHost, let authority = parser.head.authority {
            server = configuration.servers[serverIndex(for: hostRange(authority), listener.settings)]
            location = server.locations[0]
        }
        let path = parser.head.path
        let isAdminCall = AdminCalls.covers(path)
        if !isAdminCall, !location.settings.rewriteSteps.isEmpty {
            realAddress = RealClient.address(of: self)
            if isAnswered(by: location.settings.rewriteSteps) { return }
        }
        enterLocation(location(for: path), isAdminCall: isAdminCall)
    }

    /// The phases of a request at its location, in nginx's order.
    func enterLocation(_ index: Int, isAdminCall: Bool = false) {
        location = server.locations[index]
        limitRate = location.settings.client.limitRate
        holdsWholeBody = !isAdminCall && location.upstream != nil && location.settings.fastCGI.buffering.buffersRequests
        machine = ExchangeMachine(
            isIdempotent: redirect?.isGET ?? false || parser.head.method.isIdempotent,
            rule: location.settings.fastCGI.retry.conditions)
        realAddress = RealClient.address(of: self)
        if isAdminCall {
            if isDenied { refuse(.denied) }
            return
        }
        if location.settings.isInternal, redirect == nil { return refuse(.notFound) }
        if !mustClose, case .length(let length) = parser.head.body, exceedsLimit(length) {
            return refuse(.bodyTooLarge)
        }
        // A part of it went to the node that has led here.
        if location.upstream != nil, !isBodyHeld {
            log(.error, "another node cannot have the request's body, which was not kept")
            return refuse(.configured(500))
        }
        if index > 0, isAnswered(by: location.settings.rewriteSteps) { return }
        if isLimited || isConnectionLimited { return }
        if isDenied { return refuse(.denied) }
        if let files = location.settings.files.tryFiles, isLedAway(by: files) { return }
        if location.upstream == nil, timerMeaning != .delayed { serveContent() }
    }

    /// A check in place of a client's request: the location is given, and so is the peer.
    func check(_ lease: Lease, for probe: HealthProbe, location index: Int) {
        self.probe = probe
        location = server.locations[index]
        isBodyComplete = true
        machine = ExchangeMachine(isIdempotent: true, rule: [])
        ask(lease)
    }

    /// nginx's `$uri`, which an internal redirect changes.
    var path: [UInt8] { redirect?.path ?? parser.head.path }

    /// `allow`, `deny`.
    private var isDenied: Bool {
        if location.settings.accessRules.isEmpty || location.settings.accessRules.allow(realAddress ?? info.address) {
            return false
        }
        log(.error, "access forbidden by rule")
        return true
    }

    /// Without the port and a final dot.
    func hostRange(_ authority: ByteRange) -> Range<Int> {
        var end = authority.end
        var index = authority.end - 1
        while index >= authority.start {
            let byte = headBytes[index]
            if byte == 0x3A {
                end = index
                break
            }
            guard byte &- 0x30 < 10 else { break }
            index -= 1
        }
        // `name.` is the same host as `name`.
        if end - authority.start > 1, headBytes[end - 1] == 0x2E { end -= 1 }
        return authority.start..<end
    }

    private func exceedsLimit(_ count: Int) -> Bool {
        let limit = location.settings.client.maxBodySize
        return limit > 0 && count > limit
    }

    /// The most body bytes that are read.
    var maximumBody: Int {
        let limit = location.settings.client.maxBodySize
        return limit > 0 ? Int(clamping: limit) : .max
    }

    func startTimer(_ meaning: TimerMeaning, after duration: Duration) {
        timerMeaning = meaning
        loop.events.set(timer, after: duration)
    }

    func stopTimer() {
        guard timerMeaning != .none else { return }
        timerMeaning = .none
        loop.events.clear(timer)
    }

    func timerFired(_ timer: EventLoop.Timer) {
        let meaning = timerMeaning
        timerMeaning = .none
        switch meaning {
        case .none: break
        case .delayed: if isBodyComplete || isBufferFull { ready() }
        case .queue:
            guard machine.isQueued else { return }
            loop.upstream(location.upstream!).leave(self)
            perform(machine.waitedTooLong())
        case .stranded: lookAgain()
        }
    }

    // MARK: The response

    func responseBegan() { isResponseBegun = true }

    var clientBacklog: Int { client?.responseBacklog ?? 0 }

    func flushClient() { client?.flushResponse() }

    /// The client has taken what there was.
    func clientDrained() { connection?.resume() }

    /// The client went away, or its connection failed.
    func clientGone() {
        isBodyUnwanted = true
        releaseNode()
        if status == 0 {
            status = 499
            LoopCounters.add(loop.counters.clientAborts)
        }
    }

    /// Gives up the node, or the place in its queue.
    func releaseNode() {
        stopWaiting()
        machine.abandoned()
        stopTimer()
        if let connection {
            self.connection = nil
            connection.close()
            finishLease(.unknown, .closed)
        } else if lease != nil {
            finishLease(.unknown, .none)
        }
    }

    private func stopWaiting() {
        if machine.isQueued {
            loop.upstream(location.upstream!).leave(self)
            machine.abandoned()
        } else if machine.isStranded {
            location.upstream!.strandedCount.subtract(1, ordering: .relaxed)
            machine.abandoned()
        }
    }

    /// A response of the balancer's own begins: the body is not wanted, the node not asked any more.
    func takeOver() {
        isResponseBegun = true
        isBodyUnwanted = true
        stopWaiting()
        stopTimer()
        if let connection {
            self.connection = nil
            connection.close()
            finishLease(.unknown, .closed)
        }
    }

    /// Everything has been said: counts and logs.
    func complete() {
        guard !isComplete else { return }
        isComplete = true
        LoopCounters.add(loop.counters.requests)
        loop.counters.countResponse(status)
        writeAccessLogs()
        leaveConnectionZones()
    }

    // MARK: Identity

    /// `X-Request-Id`: the client's own if it sent a sane one.
    var identity: [UInt8] {
        if let field = parser.head.fields.first(.xRequestID) {
            let id = headBytes[field.value.range]
            if RequestIdentity.isSane(id.span) { return Array(id) }
        }
        if shownID.isEmpty { loop.identities.append(to: &shownID) }
        return shownID
    }

    /// `$request_id`, as in nginx: random, and nothing that a client has chosen or is shown.
    var privateIdentity: [UInt8] {
        if generatedID.isEmpty { loop.identities.append(to: &generatedID) }
        return generatedID
    }

    func log(_ level: ErrorLog.Level, _ message: @autoclosure () -> String) {
        // A check logs what it changes.
        guard probe == nil, location.errorLog.isLogged(level) else { return }
        var line = "*\(info.number) \(message()), client: \(info.address.host)"
        line += ", server: \(String(decoding: server.name, as: UTF8.self))"
        line += ", request: \"\(String(decoding: requestLine, as: UTF8.self))\""
        if let attempt = attempts.last { line += ", upstream: \"fastcgi://\(attempt.peer.address)\"" }
        location.errorLog.log(level, line)
    }
}
