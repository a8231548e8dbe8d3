internal import Balancing
internal import HTTPWire
internal import NginxConfig
internal import Reactor
internal import Synchronization

/// The node's side: choosing one, a connection to it, and what becomes of both.
extension Exchange {
    /// How often a request looks for a node while none is usable.
    private static let strandedInterval = Duration.milliseconds(50)

    /// Carries out what the machine decided.
    func perform(_ action: ExchangeMachine.Action) {
        switch action {
        case .none: break
        case .choose(let isWoken): choose(isWoken ? .dequeued : .newRequest)
        case .reconnect:
            connect(upstreamGroup.anotherConnection(for: lease!, after: .closed), loopUpstream)
        case .refuse(let refusal): refuse(.upstream(refusal))
        case .cutShort:
            client.abortResponse()
        }
    }

    private var upstreamGroup: PeerGroup { location.upstream!.group }
    private var loopUpstream: LoopUpstream { loop.upstream(location.upstream!) }

    private func choose(_ reason: PickReason) {
        let upstream = loopUpstream
        if tried.isEmpty, tried.key.isEmpty { setChoiceKey() }
        let reason = strandedAt != nil && reason == .newRequest ? .waitingForHealthyPeer : reason
        switch upstream.shared.group.pick(loop: loop.index, now: loop.milliseconds, tried: &tried, reason: reason) {
        case .peer(let lease):
            self.lease = lease
            loop.wake(lease.wake, for: upstream.shared)
            attempts.append(UpstreamAttempt(peer: lease.peer, startedAt: loop.events.now))
            if attempts.count > 1 { LoopCounters.add(loop.counters.retries) }
            if reason == .dequeued {
                attempts[attempts.count - 1].queued = waitedTime
                upstream.shared.group.recordQueueTime(microseconds: waitedTime.wholeMicroseconds)
            }
            perform(machine.picked(.peer))
            connect(lease.connection, upstream)
        case .queued:
            perform(machine.picked(.queued))
            if reason == .dequeued {
                upstream.waitInFront(self)
            } else {
                upstream.wait(self)
                queuedAt = loop.events.now
            }
            let limit = upstream.shared.queueTimeout ?? loop.shared.queueTimeout
            startTimer(.queue, after: max(.milliseconds(1), limit - waitedTime))
        case .allBusy:
            perform(machine.picked(.allBusy))
        case .noneUsable:
            if reason == .dequeued {
                loop.wake(upstreamGroup.forwardWake(now: loop.milliseconds), for: upstream.shared)
            }
            if attempts.isEmpty, strandedAt == nil {
                log(.error, "no live upstreams while connecting to upstream")
            }
            if !strand() {
                if strandedAt != nil { log(.error, "no live upstreams while waiting for one") }
                perform(machine.picked(.noneUsable))
            }
        }
    }

    /// With `queue`, a request waits for a node also while none is usable, as in nginx Plus: for a node that is started
    /// again, which takes less time than a client that is told to come back.
    ///
    /// It may have been sent to nodes that ended without an answer, and to as many as there are (three if there are
    /// less): perhaps it is what ends them.
    private func strand() -> Bool {
        let upstream = location.upstream!
        guard let limits = upstream.strandedLimits, !isSuspect else { return false }
        let start = strandedAt ?? loop.events.now
        let left = limits.timeout - (loop.events.now - start)
        guard left > .zero else { return false }
        guard upstream.strandedCount.add(1, ordering: .relaxed).newValue <= limits.limit else {
            upstream.strandedCount.subtract(1, ordering: .relaxed)
            return false
        }
        if strandedAt == nil { LoopCounters.add(loop.counters.queued) }
        strandedAt = start
        perform(machine.picked(.stranded))
        startTimer(.stranded, after: min(Self.strandedInterval, left))
        return true
    }

    private var isSuspect: Bool { machine.sendings >= max(3, upstreamGroup.peerCount) }

    /// Every node is open to it again.
    func lookAgain() {
        guard machine.isStranded else { return }
        location.upstream!.strandedCount.subtract(1, ordering: .relaxed)
        tried.removeAll()
        // What it finds now takes the place of what it found before: else the list grew by twenty a second.
        attempts.removeAll { $0.connectedAt == nil }
        perform(machine.lookAgain())
    }

    /// Asks a peer that is given.
    func ask(_ lease: Lease) {
        self.lease = lease
        attempts.append(UpstreamAttempt(peer: lease.peer, startedAt: loop.events.now))
        _ = machine.requestReady()
        perform(machine.picked(.peer))
        connect(lease.connection, loopUpstream)
    }

    /// In the queue, so far.
    var waitedTime: Duration { loop.events.now - queuedAt }

    /// Its turn in the queue has come.
    func woken() {
        stopTimer()
        perform(machine.woken())
    }

    private func connect(_ source: ConnectionSource, _ upstream: LoopUpstream) {
        guard let lease else { return }
        switch source {
        case .idle:
            if let connection = upstream.takeIdle(lease.peer) {
                attach(connection, isKept: true)
            } else {
                connect(upstream.shared.group.anotherConnection(for: lease, after: .closed), upstream)
            }
        case .open:
            do throws(SystemError) {
                attach(try upstream.open(lease.peer), isKept: false)
            } catch {
                logUnconnected("\(error)")
                attempts[attempts.count - 1].status = 502
                probe?.failed(.connectFailed)
                finishLease(.failure, .closed)
                perform(machine.failed(.connectFailed, hasTriesLeft: hasTriesLeft))
            }
        case .reclaim(let holder):
            reclaim(from: holder, lease)
        }
    }

    /// All places are taken, one of them by an idle connection of another loop: that loop closes it.
    private func reclaim(from holder: Int, _ lease: Lease) {
        let generation = generation
        let index = loop.index
        let shared = location.upstream!
        nonisolated(unsafe) let exchange = self
        loop.siblings[holder].post { holder in
            holder.upstream(shared).giveUpIdle(lease.peer)
            holder.siblings[index].post { _ in
                guard exchange.generation == generation, exchange.lease != nil, exchange.connection == nil else {
                    return
                }
                exchange.connect(shared.group.anotherConnection(for: lease, after: .none), exchange.loopUpstream)
            }
        }
    }

    private func attach(_ connection: UpstreamConnection, isKept: Bool) {
        self.connection = connection
        machine.connected(isKept: isKept)
        let location: RunningLocation = self.location
        connection.begin(
            self, at: location, keepsConnection: location.settings.fastCGI.keepsConnection && probe == nil,
            isHead: parser.head.method.isHead, body: heldBody
        ) { encoder, out in
            appendParams(with: encoder, to: &out)
        }
        if requestSpool != nil {
            requestSpool?.rewind()
            guard sendSpool(to: connection) else { return }
        } else if isBodyComplete || !location.settings.fastCGI.passesRequestBody {
            connection.endBody()
        }
        connection.flush()
        if wasCongested, !isBodyCongested { resumeBodySoon() }
    }

    func upstreamConnected() {
        attempts[attempts.count - 1].connectedAt = loop.events.now
        if !isBodyComplete { resumeBodySoon() }
    }

    func upstreamTook(_ count: Int) {
        upstreamBytesSent += count
        machine.sent(isHeld: isBodyHeld)
        if requestSpool != nil, let connection { _ = sendSpool(to: connection) }
        if wasCongested, !isBodyCongested { resumeBodySoon() }
    }

    /// `fastcgi_next_upstream_tries` and `_timeout`.
    var hasTriesLeft: Bool {
        let tries = location.settings.fastCGI.retry.maxTries
        if tries > 0, attempts.count >= tries { return false }
        if strandedAt != nil, isSuspect { return false }
        guard location.settings.fastCGI.retry.timeout > .zero, let first = attempts.first else { return true }
        return loop.events.now - first.startedAt < location.settings.fastCGI.retry.timeout
    }

    /// The response's status is one after which another node is asked, and there is another one.
    func isPassedOver(_ status: Int) -> Bool {
        guard location.settings.fastCGI.retry.conditions.contains(status: status) else { return false }
        return machine.isPassedOver(status, hasTriesLeft: hasTriesLeft && attempts.count < upstreamGroup.peerCount)
    }

    /// The response is dropped, and another node asked. 403 and 404 are no failures of the node.
    func upstreamPassedOver(_ connection: UpstreamConnection, _ status: Int) {
        self.connection = nil
        connection.close()
        attempts[attempts.count - 1].status = status
        attempts[attempts.count - 1].headerAt = loop.events.now
        attempts[attempts.count - 1].endedAt = loop.events.now
        finishLease(status == 403 || status == 404 ? .success : .failure, .closed)
        perform(machine.passedOver())
    }

    /// `fastcgi_intercept_errors`: an `error_page` takes the response's place.
    func isIntercepted(_ status: Int) -> Bool {
        probe == nil && location.settings.fastCGI.interceptsErrors && status >= 300 && redirect?.isForError != true
            && location.settings.response.errorPages.contains { $0.statuses.contains(status) }
    }

    func upstreamIntercepted(_ connection: UpstreamConnection, _ status: Int) {
        self.connection = nil
        connection.close()
        attempts[attempts.count - 1].status = status
        attempts[attempts.count - 1].headerAt = loop.events.now
        attempts[attempts.count - 1].endedAt = loop.events.now
        finishLease(.success, .closed, isError: status >= 500)
        refuse(.configured(status))
    }

    /// A request that waits for any usable node tries them again and again: only what it found first is told.
    private func logUnconnected(_ error: String) {
        if strandedAt == nil { log(.error, "\(error) while connecting to upstream") }
    }

    func upstreamInvalid(_ connection: UpstreamConnection, _ error: any CustomStringConvertible) {
        log(.error, "\(error) while reading response header from upstream")
        upstreamFailed(connection, .invalidResponse)
    }

    /// - Parameter code: why it could not be connected to, as `errno` has it
    func upstreamFailed(_ connection: UpstreamConnection, _ failure: ExchangeMachine.Failure, code: CInt = 0) {
        guard connection === self.connection else { return }
        self.connection = nil
        connection.close()
        let wasAnswering = machine.isAnswering
        let action = machine.failed(failure, hasTriesLeft: hasTriesLeft)
        if action == .reconnect { return perform(action) }
        if failure == .connectFailed {
            logUnconnected("connect() failed (\(code): \(SystemError.text(code)))")
        } else {
            log(.error, "upstream \(failure.text)")
        }
        attempts[attempts.count - 1].status = failure.status
        attempts[attempts.count - 1].endedAt = loop.events.now
        probe?.failed(failure)
        finishLease(
            failure == .overloaded || wasAnswering ? .unknown : .failure, .closed, isError: failure != .overloaded)
        perform(action)
    }

    /// The node's response is complete.
    func responseEnded(_ connection: UpstreamConnection, isReusable: Bool) {
        self.connection = nil
        let last = attempts.count - 1
        attempts[last].endedAt = loop.events.now
        machine.responseEnded()
        let upstream = connection.upstream
        let times = attempts[last].times
        let isError = attempts[last].status >= 500
        if isReusable, isBodyComplete, let idleTime = upstream.idleTime(of: connection), let lease {
            self.lease = nil
            let finished = upstream.shared.group.finish(
                lease, .success, connection: .idle, now: loop.milliseconds, times: times, isError: isError)
            if finished.keepsConnection { connection.becomeIdle(for: idleTime) } else { connection.close() }
            if !finished.ejections.isEmpty { report(finished.ejections) }
            loop.wake(finished.wake, for: upstream.shared)
        } else {
            connection.close()
            finishLease(.success, .closed, times: times, isError: isError)
        }
        isBodyUnwanted = true
        client.endResponse()
    }

    /// - Parameter bytes: lent until ``takeLentBody()``
    func responseBody(_ bytes: Span<UInt8>) {
        attempts[attempts.count - 1].responseLength += bytes.count
        client.responseBody(lent: bytes)
    }

    func takeLentBody() { client?.takeLentBody() }

    func finishLease(
        _ outcome: LeaseOutcome, _ end: ConnectionEnd, times: ResponseTimes? = nil, isError: Bool = false
    ) {
        guard let lease, let upstream = location.upstream else { return }
        self.lease = nil
        // A check counts for itself.
        let finished = upstream.group.finish(
            lease, probe == nil ? outcome : .unknown, connection: end, now: loop.milliseconds,
            times: probe == nil ? times : nil, isError: isError && probe == nil)
        report(finished.ejections)
        loop.wake(finished.wake, for: upstream)
    }

    private func report(_ ejections: [Ejection]) {
        for ejection in ejections {
            location.errorLog.log(
                .warn,
                "upstream server ejected for \(ejection.duration) ms by \(ejection.reason.rawValue), peer \(ejection.address) in upstream \"\(location.upstream!.name)\""
            )
        }
    }
}
