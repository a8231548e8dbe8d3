internal import Balancing
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// One request and its response: from the head that a client sent to the last byte that it gets.
///
/// It is made of parts. Those that only know something are structs, which are reset by assignment but for their memory:
/// ``Request``, ``RequestRoute``, ``RequestBody``, ``Response``, ``LimitDecisions``, ``RequestIDs``, ``PatternGroups``. The part
/// that acts by itself is an object: ``UpstreamRequest``. What is done with a request is in the ``Phase``s.
///
/// Exchanges are pooled (``BalancerLoop/takeExchange()``), and keep their memory.
final class Exchange: TimerHandler {
    /// High-water mark: stop reading one side when so many bytes wait for the other one.
    static let highWaterMark = 128 * 1024

    let loop: BalancerLoop
    private(set) unowned(unsafe) var client: (any ClientStream)!
    private(set) var info: ClientInfo!
    /// It asks for a `health_check`, not for a client.
    private(set) var probe: HealthProbe?
    var request = Request()
    var route = RequestRoute()
    var body = RequestBody()
    private(set) var upstream: UpstreamRequest!
    var response = Response()
    var keptHeaders = KeptHeaders()
    var limits = LimitDecisions()
    var ids = RequestIDs()
    var groups = PatternGroups()
    /// Changes with each use: a late callback sees that the object is in other use.
    private(set) var generation: UInt64 = 0
    /// `limit_req` without `nodelay`: the request goes on when the timer fires.
    private(set) var isDelayed = false
    private var delay: EventLoop.Timer!

    init(loop: BalancerLoop) {
        self.loop = loop
        upstream = UpstreamRequest(self)
        delay = loop.events.makeTimer(self)
    }

    /// Ready for the next use.
    func reset() {
        generation += 1
        client = nil
        info = nil
        probe = nil
        request.reset()
        route = RequestRoute()
        body.reset()
        upstream.reset()
        response = Response()
        keptHeaders.reset()
        limits.leaveZones()
        limits = LimitDecisions()
        ids.reset()
        groups.reset()
        stopDelay()
    }

    /// It is not used again.
    func dispose() {
        loop.events.remove(delay)
        upstream.dispose()
    }

    // MARK: What it is

    var server: RunningServer { route.server }
    var location: RunningLocation { route.location }
    /// The client's address, also behind a trusted proxy.
    var clientAddress: SocketAddress { route.realAddress ?? info.address }
    /// nginx's `$uri`, which an internal redirect changes.
    var path: [UInt8] { route.redirect?.path ?? request.head.path }
    var variables: Variables { Variables(self) }

    var hasQuery: Bool {
        if let redirect = route.redirect, redirect.path != nil { return redirect.query?.isEmpty == false }
        return request.head.query.map { !$0.isEmpty } ?? false
    }

    var query: [UInt8] { variables.value(of: .named(.arguments)) }

    /// `X-Request-Id`.
    var shownID: [UInt8] { ids.shown(request, &loop.requestIDs) }
    /// `$request_id`.
    var secretID: [UInt8] { ids.secret(&loop.requestIDs) }
    /// `$traceparent`.
    var traceParent: [UInt8] { ids.trace(request, &loop.requestIDs) }

    // MARK: The request

    /// Says whose request it is, before its head is parsed or refused.
    func open(client: any ClientStream, info: ClientInfo, configuration: RunningConfiguration, server: RunningServer) {
        self.client = client
        self.info = info
        route.begin(configuration, server)
        request.startedAt = loop.events.now
    }

    /// The head is here: decides what becomes of the request.
    func begin(at listener: ListenerSocket) {
        // There was a reload since its first byte: the listener's servers are those of another configuration.
        if route.configuration !== listener.configuration {
            route.begin(listener.configuration, listener.defaultServer)
        }
        if listener.settings.needsHost, let authority = request.head.authority {
            route.enter(route.configuration.servers[serverIndex(for: request.host(authority), listener.settings)])
        }
        if AdminCalls.covers(request.head.path) { return enterLocation(locationIndex(for: request.head.path)) }
        for phase in Phase.ofServer where phase.run(self) == .answered { return }
        enterLocation(locationIndex(for: request.head.path))
    }

    /// Takes the request through the phases of a location.
    /// - Parameter index: Of the server's locations.
    func enterLocation(_ index: Int) {
        let isAdminCall = route.redirect == nil && AdminCalls.covers(request.head.path)
        route.enter(index, isAdminCall: isAdminCall)
        let settings = location.settings
        response.limitRate = settings.client.limitRate
        body.isBuffered = route.handler == .upstream && settings.fastCGI.buffering.buffersRequests
        upstream.prepare(
            isIdempotent: route.redirect?.isGET ?? false || request.head.method.isIdempotent,
            settings.fastCGI.retry)
        route.realAddress = RealClient.address(of: self)
        for phase in isAdminCall ? Phase.ofAdminCall : location.phases where phase.run(self) == .answered { return }
    }

    /// A health check in place of a client's request: location and peer are given.
    func check(_ lease: Lease, for probe: HealthProbe, location index: Int) {
        self.probe = probe
        route.enter(index, isAdminCall: false)
        body.ended()
        upstream.prepare(isIdempotent: true, RetryPolicy(conditions: []))
        upstream.start(lease)
    }

    // MARK: The content

    /// Has the location's handler begin, once everything that it needs is here.
    func beginContent() {
        guard !response.isBegun, !route.hasBegunContent, !isDelayed else { return }
        switch route.handler {
        case .files:
            route.hasBegunContent = true
            StaticFiles(self).serve()
        case .stubStatus:
            route.hasBegunContent = true
            StubStatus(self).serve()
        case .admin:
            guard isBodyReady else { return }
            route.hasBegunContent = true
            if body.isComplete { AdminCalls(self).answer() } else { refuse(.bodyTooLarge) }
        case .upstream:
            guard isBodyReady else { return }
            route.hasBegunContent = true
            upstream.start()
        }
    }

    /// As much of the body is here as comes before a peer is asked.
    private var isBodyReady: Bool {
        body.isComplete || response.isLast || body.isFull(location.settings.client.bodyBufferSize)
    }

    /// `limit_req` without `nodelay`.
    func delay(by duration: Duration) {
        isDelayed = true
        loop.events.set(delay, after: duration)
    }

    private func stopDelay() {
        guard isDelayed else { return }
        isDelayed = false
        loop.events.clear(delay)
    }

    func timerFired(_ timer: EventLoop.Timer) {
        isDelayed = false
        beginContent()
    }

    // MARK: The client's side

    var clientBacklog: Int { client?.responseBacklog ?? 0 }

    func flushClient() { client?.flushResponse() }

    /// The client has taken what there was.
    func clientDrained() { upstream.connection?.resume() }

    /// The client went away, or its connection failed.
    func clientGone() {
        body.discard()
        abandonUpstream()
        if response.status == 0 {
            response.status = 499
            LoopCounters.add(loop.counters.clientAborts)
        }
    }

    /// Gives up the peer, or the wait for one.
    func abandonUpstream() {
        stopDelay()
        upstream.abandon()
    }

    /// The balancer's own response begins: the body is not wanted, and no peer is asked any more.
    func takeOver() {
        response.isBegun = true
        body.discard()
        stopDelay()
        upstream.releaseConnection()
    }

    /// The client has everything: counts and logs.
    func complete() {
        guard !response.isComplete else { return }
        response.isComplete = true
        LoopCounters.add(loop.counters.requests)
        loop.counters.countResponse(response.status)
        _ = Phase.log.run(self)
        limits.leaveZones()
    }

    func log(_ level: ErrorLog.Level, _ message: @autoclosure () -> String) {
        // A health check logs only what it changes.
        guard probe == nil, location.errorLog.isLogged(level) else { return }
        var line = "*\(info.number) \(message()), client: \(info.address.host)"
        line += ", server: \(String(decoding: server.name, as: UTF8.self))"
        line += ", request: \"\(String(decoding: request.line, as: UTF8.self))\""
        if let attempt = upstream.attempts.last {
            line += ", upstream: \"\(loop.connector.scheme)://\(attempt.peer.address)\""
        }
        location.errorLog.log(level, line)
    }
}
