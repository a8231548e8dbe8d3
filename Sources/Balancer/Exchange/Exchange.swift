internal import Balancing
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// One request and its response: from the request's head to the response's last byte.
///
/// The parts that only hold data are structs: ``Request``, ``RequestRoute``, ``RequestBody``, ``Response``,
/// ``LimitDecisions``, ``RequestIDs``, ``PatternGroups``. A reset assigns them new values and keeps their memory. The
/// part that acts on its own is an object: ``UpstreamRequest``. The steps of a request are in ``Phase``.
///
/// Exchanges are pooled (``BalancerLoop/takeExchange()``), and keep their memory.
final class Exchange: TimerHandler {
    /// High-water mark: stop reading from one side when more than this many bytes wait to be sent to the other side.
    static let highWaterMark = 128 * 1024

    let loop: BalancerLoop
    private(set) unowned(unsafe) var client: (any ClientStream)!
    private(set) var info: ClientInfo!
    /// The health check that the exchange belongs to; nil if it has a client.
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
    /// A number that changes with each use, so that a late callback notices that another request uses the object.
    private(set) var generation: UInt64 = 0
    /// Whether `limit_req` delays the request until the timer fires.
    private(set) var isDelayed = false
    private var delay: EventLoop.Timer!

    init(loop: BalancerLoop) {
        self.loop = loop
        upstream = UpstreamRequest(self)
        delay = loop.events.makeTimer(self)
    }

    /// Prepares the exchange for its next use.
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

    /// Releases the timers, because the exchange is not used again.
    func dispose() {
        loop.events.remove(delay)
        upstream.dispose()
    }

    // MARK: State

    var server: RunningServer { route.server }
    var location: RunningLocation { route.location }
    /// The client's address. Behind a trusted proxy, it is the address that the proxy names.
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

    /// Sets the client and the default server. Call it before the head is parsed or refused.
    func open(client: any ClientStream, info: ClientInfo, configuration: RunningConfiguration, server: RunningServer) {
        self.client = client
        self.info = info
        route.begin(configuration, server)
        request.startedAt = loop.events.now
    }

    /// Decides what to do with the request, now that its head has arrived.
    func begin(at listener: ListenerSocket) {
        // If the configuration was reloaded after the request's first byte, the listener's server indices belong to the
        // new configuration.
        if route.configuration !== listener.configuration {
            route.begin(listener.configuration, listener.defaultServer)
        }
        if listener.settings.needsHost, let authority = request.head.authority {
            route.enter(route.configuration.servers[serverIndex(for: request.host(authority), listener.settings)])
        }
        for phase in Phase.ofServer where phase.run(self) == .answered { return }
        enterLocation(locationIndex(for: request.head.path))
    }

    /// Runs the phases of a location.
    /// - Parameter index: The index of the location in its server.
    func enterLocation(_ index: Int) {
        route.enter(index)
        let settings = location.settings
        response.limitRate = settings.client.limitRate
        body.isBuffered = route.handler == .upstream && settings.upstream.buffering.buffersRequests
        upstream.prepare(
            isIdempotent: route.redirect?.isGET ?? false || request.head.method.isIdempotent,
            settings.upstream.retry)
        route.realAddress = RealClient.address(of: self)
        for phase in location.phases where phase.run(self) == .answered { return }
    }

    /// Runs a health check instead of a client's request. The caller chooses the location and the peer.
    func check(_ lease: Lease, for probe: HealthProbe, location index: Int) {
        self.probe = probe
        route.enter(index)
        body.ended()
        upstream.prepare(isIdempotent: true, RetryPolicy(conditions: []))
        upstream.start(lease)
    }

    // MARK: The content

    /// Starts the location's handler, unless the part of the body that the handler needs is still missing.
    func beginContent() {
        guard !response.isBegun, !route.hasBegunContent, !isDelayed else { return }
        switch route.handler {
        case .files:
            route.hasBegunContent = true
            StaticFiles(self).serve()
        case .stubStatus:
            route.hasBegunContent = true
            StubStatus(self).serve()
        case .balancerCalls:
            guard isBodyReady else { return }
            route.hasBegunContent = true
            if body.isComplete { AdminCalls(self).answer() } else { refuse(.bodyTooLarge) }
        case .upstream:
            guard isBodyReady else { return }
            route.hasBegunContent = true
            upstream.start()
        }
    }

    /// Whether enough of the body has arrived to ask a peer.
    private var isBodyReady: Bool {
        body.isComplete || response.isLast || body.isFull(location.settings.client.bodyBufferSize)
    }

    /// Delays the request (`limit_req` without `nodelay`).
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

    /// Continues to read from the peer, because the client has taken the bytes that waited.
    func clientDrained() { upstream.connection?.resume() }

    /// Gives the request up, because the client has left or its connection failed.
    func clientGone() {
        body.discard()
        abandonUpstream()
        if response.status == 0 {
            response.status = 499
            LoopCounters.add(loop.counters.clientAborts)
        }
    }

    /// Gives up the peer, or stops waiting for one.
    func abandonUpstream() {
        stopDelay()
        upstream.abandon()
    }

    /// Begins a response of the balancer itself: drops the request's body, and asks no more peers.
    func takeOver() {
        response.isBegun = true
        body.discard()
        stopDelay()
        upstream.releaseConnection()
    }

    /// Counts and logs the request. Call it when the response has been sent or given up.
    func complete() {
        guard !response.isComplete else { return }
        response.isComplete = true
        LoopCounters.add(loop.counters.requests)
        loop.counters.countResponse(response.status)
        _ = Phase.log.run(self)
        limits.leaveZones()
    }

    func log(_ level: ErrorLog.Level, _ message: @autoclosure () -> String) {
        // Log nothing for a health check: ``HealthProbe`` itself logs each change of the peer's health.
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
