internal import Balancing
internal import FastCGIWire
internal import HTTPWire
internal import NginxConfig
internal import Patterns
internal import Reactor

/// One check of one peer: an exchange that no client asked for, on a connection of its own, with the location's params.
final class HealthProbe: ResponseSink, TimerHandler {
    private enum State {
        /// It begins a little later (`jitter`).
        case delayed
        case asking
        case ended
    }

    /// More of a body is not looked at.
    private static let mostBody = 256 * 1024

    private let check: RunningCheck
    private let configuration: RunningConfiguration
    private let loop: BalancerLoop
    private let peer: Peer
    private let ended: () -> Void
    private var timer: EventLoop.Timer!
    private var state = State.delayed
    private var exchange: Exchange?
    private var body: [UInt8] = []
    /// nil: so far there is nothing wrong.
    private var fault: String?
    private var hasHead = false

    init(
        _ check: RunningCheck, _ configuration: RunningConfiguration, _ loop: BalancerLoop, peer: Peer,
        ended: @escaping () -> Void
    ) {
        self.check = check
        self.configuration = configuration
        self.loop = loop
        self.peer = peer
        self.ended = ended
        timer = loop.events.makeTimer(self)
    }

    func start(after delay: Duration) {
        if delay > .zero { loop.events.set(timer, after: delay) } else { ask() }
    }

    func timerFired(_ timer: EventLoop.Timer) {
        switch state {
        case .delayed: ask()
        case .asking: end("timed out")
        case .ended: break
        }
    }

    private var settings: LocationSettings {
        configuration.servers[check.server].locations[check.location].settings
    }

    private func ask() {
        // A peer whose every place is taken has no place for a check either: that it is busy is no fault.
        guard let lease = check.upstream.group.leaseForCheck(peer, loop: loop.index) else { return finish() }
        state = .asking
        // Beside the time-outs between two reads, which an endless response would never reach.
        loop.events.set(timer, after: settings.fastCGI.connectTimeout + settings.fastCGI.readTimeout)
        let exchange = loop.takeExchange()
        self.exchange = exchange
        exchange.open(
            client: self,
            info: ClientInfo(
                number: 0, address: .unix(""), local: nil, transport: nil, openedAt: loop.events.now),
            configuration: configuration, server: configuration.servers[check.server])
        exchange.headBytes.append(contentsOf: check.head)
        // It was parsed when the configuration was checked.
        let head = check.head
        do throws(HTTPError) { _ = try exchange.parser.parse(head.span) } catch {}
        exchange.check(lease, for: self, location: check.location)
    }

    /// The check is given up: it says nothing.
    func cancel() {
        guard state != .ended else { return }
        state = .ended
        release()
        loop.events.remove(timer)
    }

    /// The answer is there, or there will be none.
    private func end(_ fault: String?) {
        guard state == .asking else { return }
        let result = check.upstream.group.countCheck(
            of: peer, by: check.rule.name, hasPassed: fault == nil, now: loop.milliseconds)
        if let change = result.change { report(change, fault) }
        loop.wake(result.wake, for: check.upstream)
        finish()
    }

    /// The exchange may be at work on our behalf right now: it is given back when it is not.
    private func finish() {
        state = .ended
        loop.events.later { [self] in
            release()
            loop.events.remove(timer)
            ended()
        }
    }

    private func release() {
        guard let exchange else { return }
        self.exchange = nil
        exchange.releaseNode()
        loop.giveBack(exchange)
    }

    private func report(_ change: CheckedHealth, _ fault: String?) {
        let log = configuration.servers[check.server].locations[check.location].errorLog
        let place =
            "health check \"\(check.settings.match?.name ?? "")\" of peer \(peer.address) in upstream \"\(check.upstream.name)\""
        if change == .healthy {
            log.log(.notice, "peer is healthy, \(place)")
        } else {
            log.log(.warn, "peer is unhealthy while \(fault ?? ""), \(place)")
        }
    }

    // MARK: The exchange's side

    /// The node could not be asked, or gave no proper answer.
    func failed(_ failure: ExchangeMachine.Failure) {
        switch failure {
        case .connectFailed, .connectTimedOut: fault = "connecting to upstream"
        case .connectionLost, .timedOut, .overloaded, .invalidResponse:
            fault = "reading response \(hasHead ? "" : "header ")from upstream"
        }
    }

    func take(_ head: CGIResponseHead) {
        hasHead = true
        guard let match = check.settings.match else {
            if !(200...399).contains(head.status) { fault = "checking status code" }
            return
        }
        if match.status?.holds(for: head.status) == false {
            fault = "checking status code"
        } else if !match.headers.allSatisfy({ holds($0, head) }) {
            fault = "checking header"
        }
    }

    private func holds(_ header: ResponseMatch.Header, _ head: CGIResponseHead) -> Bool {
        let values = head.fields.filter { Exchange.isEqual(head.bytes, $0.name, header.name) }.map(\.value)
        let isTrue =
            switch header.test {
            case .exists: !values.isEmpty
            case .equals(let text): values.contains { head.bytes[$0].elementsEqual(text.utf8) }
            case .matches(let pattern): values.contains { matches(pattern, Array(head.bytes[$0])) }
            }
        return isTrue != header.isNegated
    }

    private func matches(_ pattern: Int, _ text: [UInt8]) -> Bool {
        var groups: [Range<Int>] = []
        return loop.matcher.matches(configuration.patterns[pattern], text.span, into: &groups)
    }

    func responseBody(_ bytes: Span<UInt8>) {
        let rest = Self.mostBody - body.count
        body.append(contentsOf: bytes.extracting(first: min(rest, bytes.count)))
        if body.count == Self.mostBody { endResponse() }
    }

    func endResponse() {
        if fault == nil, let match = check.settings.match,
            !match.bodies.allSatisfy({ matches($0.pattern, body) != $0.isNegated })
        {
            fault = "checking response body"
        }
        end(fault)
    }

    func abortResponse() { end(fault ?? "reading response from upstream") }
    func dropConnection(resets: Bool) { abortResponse() }

    var responseBacklog: Int { 0 }
    var responseBytesSent: Int { 0 }
    var responseHeadBytes: Int { 0 }
    func beginResponse(_ status: Int, reason: String?, contentLength: Int?, mayKeepAlive: Bool) {}
    func responseField(_ name: Span<UInt8>, _ value: Span<UInt8>) {}
    func endResponseHead() {}
    func responseFile(_ part: FilePart) {}
    func flushResponse() {}
    func resumeRequestBody() {}
}
