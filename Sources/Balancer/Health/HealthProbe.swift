internal import FastCGIWire
internal import Bytes
internal import Balancing
internal import HTTPWire
internal import NginxConfig
internal import Patterns
internal import Reactor

/// One health check of one peer: an exchange without a client. It has its own connection, and uses the location's
/// FastCGI params.
final class HealthProbe: ClientStream, TimerHandler {
    private enum State {
        /// The probe waits for its random delay (`jitter`).
        case delayed
        case asking
        case ended
    }

    /// The maximum number of body bytes that are checked.
    private static let maxBody = 256 * 1024

    private let check: RunningCheck
    private let configuration: RunningConfiguration
    private let loop: BalancerLoop
    private let peer: Peer
    private let ended: () -> Void
    private var timer: EventLoop.Timer!
    private var state = State.delayed
    private var exchange: Exchange?
    private var body: [UInt8] = []
    /// What is wrong with the response; nil if nothing is wrong so far.
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
        // Skip the check if the peer is at `max_conns`: a busy peer does not count as unhealthy.
        guard let lease = check.upstream.group.leaseForCheck(peer, loop: loop.index) else { return finish() }
        state = .asking
        // Limit the time of the whole probe: a limit on the time between two reads would never end an endless response.
        loop.events.set(timer, after: settings.upstream.connectTimeout + settings.upstream.readTimeout)
        let exchange = loop.takeExchange()
        self.exchange = exchange
        exchange.open(
            client: self,
            info: ClientInfo(
                number: 0, address: .unix(""), local: nil, transport: nil, openedAt: loop.events.now),
            configuration: configuration, server: configuration.servers[check.server])
        exchange.request.bytes.append(contentsOf: check.head)
        let head = check.head
        var parser = RequestParser()
        // Parsing cannot fail: the head was parsed when the configuration was checked.
        do throws(HTTPError) { _ = try parser.parse(head.span, into: &exchange.request.head) } catch {}
        exchange.check(lease, for: self, location: check.location)
    }

    /// Gives the check up without a result.
    func cancel() {
        guard state != .ended else { return }
        state = .ended
        release()
        loop.events.remove(timer)
    }

    /// Counts the result, because the response is complete or has failed.
    private func end(_ fault: String?) {
        guard state == .asking else { return }
        let result = check.upstream.group.countCheck(
            of: peer, by: check.rule.name, hasPassed: fault == nil, now: loop.milliseconds)
        if let change = result.change { report(change, fault) }
        loop.wake(result.wake, for: check.upstream)
        finish()
    }

    /// Gives the exchange back at the end of the loop's turn, because a method of the exchange may be running now.
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
        exchange.abandonUpstream()
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

    /// The peer could not be reached, or did not send a complete and valid response.
    func failed(_ failure: UpstreamMachine.Failure) {
        switch failure {
        case .connectFailed, .connectTimedOut: fault = "connecting to upstream"
        case .connectionLost, .timedOut, .overloaded, .invalidResponse:
            fault = "reading response \(hasHead ? "" : "header ")from upstream"
        }
    }

    func take(_ head: UpstreamResponseHead) {
        hasHead = true
        guard let match = check.settings.match else {
            if !(200...399).contains(head.status) { fault = "checking status code" }
            return
        }
        if match.status?.holds(for: head.status) == false {
            fault = "checking status code"
        } else if !match.headers.allSatisfy({ matches($0, head) }) {
            fault = "checking header"
        }
    }

    private func matches(_ header: ResponseMatch.Header, _ head: UpstreamResponseHead) -> Bool {
        let values = head.fields.filter { head.isNamed($0, header.name) }.map(\.value)
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
        let rest = Self.maxBody - body.count
        body.append(copying: bytes.extracting(first: min(rest, bytes.count)))
        if body.count == Self.maxBody { endResponse() }
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
