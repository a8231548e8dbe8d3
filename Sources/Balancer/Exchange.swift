internal import Balancing
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// One request and its response: from the head that a client sent to the last byte that it gets.
///
/// The I/O side of ``ExchangeMachine``. Objects are used again, with their memory.
final class Exchange: TimerHandler {
    /// Body bytes that are gathered before a node is asked: most bodies fit, and a slow sender then costs no node
    /// anything (nginx: `client_body_buffer_size`).
    static let heldBodySize = 64 * 1024
    /// Request bytes waiting for the node beyond which no more is read from the client.
    static let congestion = 128 * 1024

    let worker: WorkerLoop
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
    var connection: UpstreamConnection?
    var tried = TriedPeers()
    var attempts: [UpstreamAttempt] = []

    // The request's body
    var heldBody: [UInt8] = []
    /// Everything of the body that has come is in ``heldBody``.
    private(set) var isBodyHeld = true
    private(set) var isBodyComplete = false
    private(set) var bodyCount = 0
    private var wasCongested = false
    /// Nobody wants the body any more.
    private(set) var isBodyUnwanted = false

    // For variables and logs
    var realAddress: SocketAddress?
    private(set) var startedAt = MonotonicTime(nanoseconds: 0)
    var status = 0
    var responseHeaders: [(name: [UInt8], value: [UInt8])] = []
    var upstreamBytesReceived = 0
    var upstreamBytesSent = 0
    var limitStatus: StaticString = ""
    private var generatedID: [UInt8] = []
    private(set) var isResponseBegun = false
    private(set) var isComplete = false

    /// Tells a late callback that the object is in other use.
    private(set) var generation: UInt64 = 0
    private var timer: EventLoop.Timer!
    private var timerMeaning = TimerMeaning.none

    private enum TimerMeaning {
        case none
        case queue
        /// `limit_req` without `nodelay`.
        case delayed
    }

    init(worker: WorkerLoop) {
        self.worker = worker
        timer = worker.loop.makeTimer(self)
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
        connection = nil
        tried.removeAll()
        attempts.removeAll(keepingCapacity: true)
        if heldBody.capacity > Self.heldBodySize * 2 { heldBody = [] }
        heldBody.removeAll(keepingCapacity: true)
        isBodyHeld = true
        isBodyComplete = false
        bodyCount = 0
        wasCongested = false
        isBodyUnwanted = false
        realAddress = nil
        status = 0
        responseHeaders.removeAll(keepingCapacity: true)
        upstreamBytesReceived = 0
        upstreamBytesSent = 0
        limitStatus = ""
        generatedID.removeAll(keepingCapacity: true)
        isResponseBegun = false
        isComplete = false
        timerMeaning = .none
        worker.loop.clear(timer)
    }

    /// It is not used again.
    func dispose() { worker.loop.remove(timer) }

    // MARK: The request

    /// Says whose request it is, before its head is parsed or refused.
    func open(client: any ResponseSink, info: ClientInfo, configuration: RunningConfiguration, defaultServer: Int) {
        self.client = client
        self.info = info
        self.configuration = configuration
        server = configuration.servers[defaultServer]
        location = server.locations[0]
        startedAt = worker.loop.now
    }

    /// The head is there: decides what becomes of the request.
    func begin(listener: NginxConfig.Listener) {
        let head = parser.head
        let bytes = headBytes
        if let authority = head.authority {
            server = configuration.servers[listener.server(for: bytes.span.extracting(hostRange(authority)))]
        }
        let path = head.path
        machine = ExchangeMachine(isIdempotent: head.method.isIdempotent)
        location = server.locations[server.server.location(for: path.span)]
        realAddress = RealClient.address(of: self)
        if AdminCalls.covers(path) { return }
        if case .length(let length) = head.body, exceedsLimit(length) { return refuse(.bodyTooLarge) }
        guard location.upstream != nil else { return refuse(.notFound) }
        limit()
    }

    /// Without the port.
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
        return authority.start..<end
    }

    private func exceedsLimit(_ count: Int) -> Bool {
        let limit = location.settings.clientMaxBodySize
        return limit > 0 && count > limit
    }

    /// The most body bytes that are read.
    var maximumBody: Int {
        let limit = location.settings.clientMaxBodySize
        return limit > 0 ? Int(clamping: limit) : .max
    }

    private func limit() {
        guard let limiter = location.limiter else { return }
        let admission: Admission
        if location.limitKeys.count == 1 {
            var key: [UInt8] = []
            append(location.limitKeys[0], to: &key)
            admission = limiter.admit(key: key.span, now: worker.milliseconds)
        } else {
            let keys = location.limitKeys.map { template in
                var key: [UInt8] = []
                append(template, to: &key)
                return key
            }
            admission = limiter.admit(keys: keys, now: worker.milliseconds)
        }
        switch admission {
        case .admitted(0):
            limitStatus = "PASSED"
        case .admitted(let delay):
            limitStatus = "DELAYED"
            timerMeaning = .delayed
            worker.loop.set(timer, after: .milliseconds(delay))
        case .refused(let index, let excess, let budget):
            limitStatus = "REJECTED"
            LoopCounters.add(worker.counters.rateLimited)
            logLimit(index, excess)
            refuse(.rateLimited(location.settings.limitStatus, limitIndex: index, budget))
        }
    }

    private func logLimit(_ index: Int, _ excess: Int64) {
        log(
            .error,
            "limiting requests, excess: \(excess / 1000).\(pad(excess % 1000)) by zone \"\(location.limitNames[index])\""
        )
    }

    private func pad(_ thousandths: Int64) -> String {
        String(repeating: "0", count: 3 - String(thousandths).count) + String(thousandths)
    }

    func timerFired(_ timer: EventLoop.Timer) {
        let meaning = timerMeaning
        timerMeaning = .none
        switch meaning {
        case .none: break
        case .delayed: if isBodyComplete || heldBody.count >= Self.heldBodySize { ready() }
        case .queue:
            guard machine.isQueued else { return }
            worker.upstream(location.upstream!).leave(self)
            perform(machine.waitedTooLong())
        }
    }

    // MARK: The body

    /// The client should not be read from now.
    var isBodyCongested: Bool {
        if isBodyUnwanted { return false }
        let isCongested: Bool
        if let connection {
            isCongested = !connection.isConnected || connection.backlog > Self.congestion
        } else {
            isCongested = heldBody.count >= Self.heldBodySize
        }
        if isCongested { wasCongested = true }
        return isCongested
    }

    func body(_ bytes: Span<UInt8>) {
        bodyCount += bytes.count
        guard !isBodyUnwanted else { return }
        if let connection {
            isBodyHeld = false
            machine.sent(isHeld: false)
            connection.body(bytes)
        } else {
            heldBody.append(contentsOf: bytes)
            if heldBody.count >= Self.heldBodySize { ready() }
        }
    }

    func bodyEnded() {
        isBodyComplete = true
        guard !isBodyUnwanted else { return }
        if let connection {
            connection.endBody()
            connection.flush()
        } else {
            ready()
        }
    }

    /// What has been handed over since the last call may go out.
    func bodyPaused() { connection?.flush() }

    private func ready() {
        guard !isResponseBegun else { return }
        if AdminCalls.covers(parser.head.path) {
            if isBodyComplete { AdminCalls.answer(self) } else { refuse(.bodyTooLarge) }
            return
        }
        guard timerMeaning != .delayed else { return }
        perform(machine.requestReady())
    }

    // MARK: The node

    /// Carries out what the machine decided.
    func perform(_ action: ExchangeMachine.Action) {
        switch action {
        case .none: break
        case .choose(let isWoken): choose(isWoken ? .woken : .newcomer)
        case .reconnect:
            connect(upstreamGroup.anotherConnection(for: lease!, after: .closed))
        case .refuse(let refusal): refuse(.upstream(refusal))
        case .cutShort:
            client.abortResponse()
        }
    }

    private var upstreamGroup: PeerGroup { location.upstream!.group }

    private func choose(_ turn: Turn) {
        let upstream = worker.upstream(location.upstream!)
        switch upstreamGroup.pick(loop: worker.index, now: worker.milliseconds, tried: &tried, turn: turn) {
        case .peer(let lease):
            self.lease = lease
            worker.wake(lease.wake, for: upstream.shared)
            attempts.append(UpstreamAttempt(peer: lease.peer, startedAt: worker.loop.now))
            if attempts.count > 1 { LoopCounters.add(worker.counters.retries) }
            perform(machine.picked(.peer))
            connect(lease.connection)
        case .queued:
            perform(machine.picked(.queued))
            if turn == .woken {
                upstream.waitInFront(self)
            } else {
                upstream.wait(self)
                timerMeaning = .queue
                worker.loop.set(timer, after: worker.shared.queueTimeout)
            }
        case .allBusy:
            perform(machine.picked(.allBusy))
        case .noneUsable:
            if turn == .woken { worker.wake(upstreamGroup.passTurn(now: worker.milliseconds), for: upstream.shared) }
            if attempts.isEmpty { log(.error, "no live upstreams while connecting to upstream") }
            perform(machine.picked(.noneUsable))
        }
    }

    /// Its turn in the queue has come.
    func woken() {
        timerMeaning = .none
        worker.loop.clear(timer)
        perform(machine.woken())
    }

    private func connect(_ source: ConnectionSource) {
        let upstream = worker.upstream(location.upstream!)
        guard let lease else { return }
        switch source {
        case .idle:
            if let connection = upstream.takeIdle(lease.peer) {
                attach(connection, isKept: true)
            } else {
                connect(upstreamGroup.anotherConnection(for: lease, after: .closed))
            }
        case .open:
            do throws(SystemError) {
                attach(try upstream.open(lease.peer), isKept: false)
            } catch {
                log(.error, "\(error) while connecting to upstream")
                attempts[attempts.count - 1].status = 502
                finishLease(.failure, .closed)
                perform(machine.failed(.connectFailed))
            }
        case .reclaim(let loop):
            reclaim(from: loop, lease)
        }
    }

    /// All places are taken, one of them by an idle connection of another loop: that loop closes it.
    private func reclaim(from loop: Int, _ lease: Lease) {
        let generation = generation
        let index = worker.index
        let shared = location.upstream!
        nonisolated(unsafe) let exchange = self
        worker.siblings[loop].post { holder in
            holder.upstream(shared).giveUpIdle(lease.peer)
            holder.siblings[index].post { _ in
                guard exchange.generation == generation, exchange.lease != nil, exchange.connection == nil else {
                    return
                }
                exchange.connect(shared.group.anotherConnection(for: lease, after: .none))
            }
        }
    }

    private func attach(_ connection: UpstreamConnection, isKept: Bool) {
        self.connection = connection
        machine.connected(isKept: isKept)
        connection.begin(
            self, keepsConnection: location.settings.fastCGIKeepConnection, isHead: parser.head.method == .head
        ) { encoder, out in
            appendParams(with: &encoder, to: &out)
        }
        connection.body(heldBody.span)
        if isBodyComplete { connection.endBody() }
        connection.flush()
        if wasCongested, !isBodyCongested { resumeBodySoon() }
    }

    var isRequestSent: Bool { isBodyComplete && connection?.backlog == 0 }

    func upstreamConnected() {
        attempts[attempts.count - 1].connectedAt = worker.loop.now
        if !isBodyComplete { resumeBodySoon() }
    }

    func upstreamTook(_ count: Int) {
        upstreamBytesSent += count
        machine.sent(isHeld: isBodyHeld)
        if wasCongested, !isBodyCongested { resumeBodySoon() }
    }

    private func resumeBodySoon() {
        wasCongested = false
        let generation = generation
        worker.loop.later { [self] in
            if generation == self.generation, client != nil { client.resumeRequestBody() }
        }
    }

    func upstreamInvalid(_ connection: UpstreamConnection, _ error: any CustomStringConvertible) {
        log(.error, "\(error) while reading response header from upstream")
        upstreamFailed(connection, .invalidResponse)
    }

    func upstreamFailed(_ connection: UpstreamConnection, _ failure: ExchangeMachine.Failure) {
        guard connection === self.connection else { return }
        self.connection = nil
        connection.close()
        let wasAnswering = machine.isAnswering
        let action = machine.failed(failure)
        if action == .reconnect { return perform(action) }
        log(.error, "upstream \(failure.text)")
        attempts[attempts.count - 1].status = failure.status
        attempts[attempts.count - 1].endedAt = worker.loop.now
        finishLease(failure == .overloaded || wasAnswering ? .unknown : .failure, .closed)
        perform(action)
    }

    func finishLease(_ outcome: LeaseOutcome, _ end: ConnectionEnd) {
        guard let lease, let upstream = location.upstream else { return }
        self.lease = nil
        let finished = upstream.group.finish(lease, outcome, connection: end, now: worker.milliseconds)
        worker.wake(finished.wake, for: upstream)
    }

    // MARK: The response

    func responseBegan() { isResponseBegun = true }

    /// The node's response is complete.
    func responseEnded(_ connection: UpstreamConnection, isReusable: Bool) {
        self.connection = nil
        attempts[attempts.count - 1].endedAt = worker.loop.now
        machine.responseEnded()
        let upstream = worker.upstream(location.upstream!)
        if isReusable, isBodyComplete, upstream.mayKeep, let lease {
            self.lease = nil
            let finished = upstream.shared.group.finish(
                lease, .success, connection: .idle, now: worker.milliseconds)
            if finished.keepsConnection { connection.becomeIdle() } else { connection.close() }
            worker.wake(finished.wake, for: upstream.shared)
        } else {
            connection.close()
            finishLease(.success, .closed)
        }
        isBodyUnwanted = true
        client.endResponse()
    }

    func responseBody(_ bytes: Span<UInt8>) {
        attempts[attempts.count - 1].responseLength += bytes.count
        client.responseBody(bytes)
    }

    var clientBacklog: Int { client?.responseBacklog ?? 0 }

    func flushClient() { client?.flushResponse() }

    /// The client has taken what there was.
    func clientDrained() { connection?.resume() }

    /// The client went away, or its connection failed.
    func clientGone() {
        isBodyUnwanted = true
        if machine.isQueued { worker.upstream(location.upstream!).leave(self) }
        machine.abandoned()
        timerMeaning = .none
        worker.loop.clear(timer)
        if let connection {
            self.connection = nil
            connection.close()
            finishLease(.unknown, .closed)
        } else if lease != nil {
            finishLease(.unknown, .none)
        }
        if status == 0 {
            status = 499
            LoopCounters.add(worker.counters.clientAborts)
        }
    }

    /// A response of the balancer's own begins: the body is not wanted, the node not asked any more.
    func takeOver() {
        isResponseBegun = true
        isBodyUnwanted = true
        timerMeaning = .none
        worker.loop.clear(timer)
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
        LoopCounters.add(worker.counters.requests)
        worker.counters.countResponse(status)
        writeAccessLogs()
    }

    // MARK: Identity

    /// `$request_id` in nginx is random; here it is the client's own if it sent a sane one.
    var identity: [UInt8] {
        if let field = parser.head.fields.first(.xRequestID) {
            let id = headBytes[field.value.range]
            if RequestIdentity.isSane(id.span) { return Array(id) }
        }
        if generatedID.isEmpty { worker.identities.append(to: &generatedID) }
        return generatedID
    }

    func log(_ level: ErrorLog.Level, _ message: @autoclosure () -> String) {
        guard location.errorLog.isLogged(level) else { return }
        var line = "*\(info.number) \(message()), client: \(info.address.host)"
        line += ", server: \(String(decoding: server.name, as: UTF8.self))"
        line += ", request: \"\(String(decoding: requestLine, as: UTF8.self))\""
        if let attempt = attempts.last { line += ", upstream: \"fastcgi://\(attempt.peer.address)\"" }
        location.errorLog.log(level, line)
    }
}

/// One node asked, for `$upstream_…`.
struct UpstreamAttempt {
    let peer: Peer
    let startedAt: MonotonicTime
    var connectedAt: MonotonicTime?
    var headerAt: MonotonicTime?
    var endedAt: MonotonicTime?
    var status = 0
    var responseLength = 0
}

extension ExchangeMachine.Failure {
    /// For the error log.
    var text: String {
        switch self {
        case .connectFailed: "connect() failed while connecting to upstream"
        case .connectTimedOut: "timed out while connecting to upstream"
        case .connectionLost: "prematurely closed connection"
        case .timedOut: "timed out while reading response from upstream"
        case .overloaded: "is overloaded"
        case .invalidResponse: "sent an invalid response"
        }
    }

    /// For `$upstream_status`.
    var status: Int {
        switch self {
        case .connectTimedOut, .timedOut: 504
        case .overloaded: 503
        default: 502
        }
    }
}
