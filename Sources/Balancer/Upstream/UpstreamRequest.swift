internal import Balancing
internal import NginxConfig
internal import Reactor
internal import Synchronization

/// Sends a request to a peer of an upstream: chooses the peer, gets a connection to it, and sends the request. If one
/// of these steps fails, it does what ``UpstreamMachine`` decides.
///
/// Each exchange has one `UpstreamRequest`, and both are used again together.
final class UpstreamRequest: TimerHandler {
    /// The pause between two attempts to choose a peer while the request waits for a usable one.
    private static let waitInterval = Duration.milliseconds(50)

    let loop: BalancerLoop
    private(set) var exchange: Exchange!
    var machine = UpstreamMachine(isIdempotent: true)
    var progress = UpstreamProgress()
    private var timer: EventLoop.Timer!

    init(_ exchange: Exchange) {
        self.exchange = exchange
        loop = exchange.loop
        timer = loop.events.makeTimer(self)
    }

    func reset() {
        progress.reset()
        stopTimer()
    }

    /// Releases the timer, because the object is not used again.
    func dispose() {
        loop.events.remove(timer)
        exchange = nil
    }

    // MARK: State

    var connection: UpstreamConnection? { progress.connection }
    var attempts: [UpstreamAttempt] { progress.attempts }
    var bytesReceived: Int { progress.figures.bytesReceived }
    var bytesSent: Int { progress.figures.bytesSent }

    var location: RunningLocation { exchange.location }
    var group: PeerGroup { location.upstream!.group }
    var loopUpstream: LoopUpstream { loop.upstream(location.upstream!) }

    var tries: UpstreamMachine.Tries {
        UpstreamMachine.Tries(
            count: progress.attempts.count,
            elapsed: progress.attempts.first.map { loop.events.now - $0.startedAt } ?? .zero, peers: group.peerCount)
    }

    // MARK: Events from the exchange

    /// Prepares for the location that the request has reached.
    func prepare(isIdempotent: Bool, _ policy: RetryPolicy) {
        machine = UpstreamMachine(isIdempotent: isIdempotent, policy: policy)
    }

    /// Asks a peer, because enough of the request has arrived.
    func start() { perform(machine.requestReady()) }

    /// Asks the given peer (for a health check).
    func start(_ lease: Lease) {
        _ = machine.requestReady()
        take(lease)
        connect(lease.connection, loopUpstream)
    }

    /// Bytes of the body were passed to the connection, and are not held any more.
    func bodySpent() { machine.sent(isHeld: false) }

    /// Forgets the tried peers, because another location may ask all peers again.
    func forgetTriedPeers() { progress.tried.removeAll() }

    /// Gives up the peer, or the place in the queue.
    func abandon() {
        stopWaiting()
        machine.abandoned()
        if progress.connection != nil {
            closeConnection()
            finishLease(.unknown, .closed)
        } else if progress.lease != nil {
            finishLease(.unknown, .none)
        }
    }

    /// The balancer answers the request itself: ends the wait for a peer, and closes the connection if there is one.
    func releaseConnection() {
        stopWaiting()
        guard progress.connection != nil else { return }
        closeConnection()
        finishLease(.unknown, .closed)
    }

    private func stopWaiting() {
        stopTimer()
        if machine.isQueued {
            loopUpstream.leave(self)
            machine.abandoned()
        } else if machine.isWaiting {
            location.upstream!.waitingCount.subtract(1, ordering: .relaxed)
            machine.abandoned()
        }
    }

    // MARK: Choosing a peer

    /// Does what the machine has decided.
    func perform(_ action: UpstreamMachine.Action) {
        switch action {
        case .none: break
        case .choose(let isDequeued): choose(isDequeued ? .dequeued : .newRequest)
        case .reconnect: connect(group.anotherConnection(for: progress.lease!, after: .closed), loopUpstream)
        case .refuse(let refusal): exchange.refuse(.upstream(refusal))
        case .cutShort: exchange.client.abortResponse()
        }
    }

    private func choose(_ reason: PickReason) {
        let upstream = loopUpstream
        if progress.tried.isEmpty, progress.tried.key.isEmpty, case let key = location.choiceKey.bytes(for: exchange),
            !key.isEmpty
        {
            progress.tried.key = key
        }
        let reason = progress.figures.waitingSince != nil && reason == .newRequest ? .waitingForHealthyPeer : reason
        switch upstream.shared.group.pick(
            loop: loop.index, now: loop.milliseconds, tried: &progress.tried, reason: reason)
        {
        case .peer(let lease):
            loop.wake(lease.wake, for: upstream.shared)
            if !progress.attempts.isEmpty { LoopCounters.add(loop.counters.retries) }
            take(lease)
            if reason == .dequeued {
                progress.attempts[progress.attempts.count - 1].queued = queueTime
                upstream.shared.group.recordQueueTime(microseconds: queueTime.wholeMicroseconds)
            }
            connect(lease.connection, upstream)
        case .queued:
            perform(machine.picked(.queued))
            enqueue(upstream, reason)
        case .allBusy:
            perform(machine.picked(.allBusy))
        case .noneUsable:
            if reason == .dequeued { loop.wake(group.forwardWake(now: loop.milliseconds), for: upstream.shared) }
            if progress.attempts.isEmpty, progress.figures.waitingSince == nil {
                exchange.log(.error, "no live upstreams while connecting to upstream")
            }
            if waitForPeer() { return }
            if progress.figures.waitingSince != nil { exchange.log(.error, "no live upstreams while waiting for one") }
            perform(machine.picked(.noneUsable))
        }
    }

    private func take(_ lease: Lease) {
        progress.lease = lease
        progress.attempts.append(UpstreamAttempt(peer: lease.peer, startedAt: loop.events.now))
        perform(machine.picked(.peer))
    }

    // MARK: Waiting

    private var queueTime: Duration { loop.events.now - progress.figures.queuedAt }

    private func enqueue(_ upstream: LoopUpstream, _ reason: PickReason) {
        if reason == .dequeued {
            upstream.waitInFront(self)
        } else {
            upstream.wait(self)
            progress.figures.queuedAt = loop.events.now
        }
        let limit = upstream.shared.queueTimeout ?? loop.shared.queueTimeout
        loop.events.set(timer, after: max(.milliseconds(1), limit - queueTime))
    }

    /// The request's turn in the queue has come.
    func dequeued() {
        stopTimer()
        perform(machine.dequeued())
    }

    /// Waits for a usable peer if the upstream has a `queue`, as in nginx Plus. A peer usually restarts in less time
    /// than a client needs to try again.
    ///
    /// A request that was sent to several peers without an answer does not wait, because it may be the request that
    /// crashes them.
    /// - Returns: Whether the request waits.
    private func waitForPeer() -> Bool {
        let upstream = location.upstream!
        guard let limits = upstream.waitLimits, !machine.isSuspect(peers: group.peerCount) else { return false }
        let start = progress.figures.waitingSince ?? loop.events.now
        let left = limits.timeout - (loop.events.now - start)
        guard left > .zero else { return false }
        guard upstream.waitingCount.add(1, ordering: .relaxed).newValue <= limits.limit else {
            upstream.waitingCount.subtract(1, ordering: .relaxed)
            return false
        }
        if progress.figures.waitingSince == nil { LoopCounters.add(loop.counters.queued) }
        progress.figures.waitingSince = start
        perform(machine.picked(.waiting))
        loop.events.set(timer, after: min(Self.waitInterval, left))
        return true
    }

    func timerFired(_ timer: EventLoop.Timer) {
        if machine.isQueued {
            loopUpstream.leave(self)
            perform(machine.queueTimedOut())
        } else if machine.isWaiting {
            location.upstream!.waitingCount.subtract(1, ordering: .relaxed)
            progress.tried.removeAll()
            // Remove the failed attempts to connect. The next attempts replace them. If the failed attempts stayed, the
            // list would grow by twenty entries per second.
            progress.attempts.removeAll { $0.connectedAt == nil }
            perform(machine.retryWait())
        }
    }

    func stopTimer() {
        if loop.events.isSet(timer) { loop.events.clear(timer) }
    }
}
