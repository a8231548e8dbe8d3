internal import Balancing
internal import NginxConfig
internal import Reactor

/// How a request gets, uses and loses its connection.
extension UpstreamRequest {
    /// The number of bytes of a spooled body that are read at once.
    private static let spoolChunk = 64 * 1024

    func connect(_ source: ConnectionSource, _ upstream: LoopUpstream) {
        guard let lease = progress.lease else { return }
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
                progress.attempts[progress.attempts.count - 1].status = 502
                exchange.probe?.failed(.connectFailed)
                finishLease(.failure, .closed)
                perform(machine.failed(.connectFailed, after: tries))
            }
        case .reclaim(let holder):
            reclaim(from: holder, lease)
        }
    }

    /// Asks another loop to close an idle connection to the peer, because the peer is at `max_conns`.
    private func reclaim(from holder: Int, _ lease: Lease) {
        let generation = exchange.generation
        let index = loop.index
        let shared = location.upstream!
        nonisolated(unsafe) let exchange = exchange!
        loop.siblings[holder].post { holder in
            holder.upstream(shared).giveUpIdle(lease.peer)
            holder.siblings[index].post { _ in
                let request = exchange.upstream!
                guard exchange.generation == generation, request.progress.lease != nil, request.connection == nil else {
                    return
                }
                request.connect(shared.group.anotherConnection(for: lease, after: .none), request.loopUpstream)
            }
        }
    }

    private func attach(_ connection: UpstreamConnection, isKept: Bool) {
        // Keep a reference to the exchange: the request may end in the calls below, and the exchange may be disposed
        // then.
        let exchange = exchange!
        progress.connection = connection
        machine.connected(isKept: isKept)
        let time = progress.figures.headTime ?? loop.events.wallTime
        progress.figures.headTime = time
        connection.begin(exchange, headTime: time)
        if exchange.body.spool != nil {
            exchange.body.spool!.rewind()
            guard sendSpool(to: connection) else { return }
        } else if exchange.body.isComplete || !location.settings.upstream.passesRequestBody {
            connection.endBody()
        }
        connection.flush()
        exchange.resumeBodyIfPossible()
    }

    /// Passes as much of the spooled body to the connection as it takes now.
    /// - Returns: false if the body could not be read and the request was refused.
    private func sendSpool(to connection: UpstreamConnection) -> Bool {
        guard exchange.body.spool?.isSent == false else { return true }
        let buffer = loop.events.buffers.take()
        defer { loop.events.buffers.giveBack(buffer) }
        while exchange.body.spool?.isSent == false, connection.backlog < Exchange.highWaterMark {
            do throws(SystemError) {
                try exchange.body.spool!.read(into: buffer, atMost: Self.spoolChunk)
            } catch {
                exchange.log(.crit, "\(error) while sending a request's body")
                exchange.response.isLast = true
                exchange.refuse(.configured(500))
                return false
            }
            buffer.withSpan { connection.body($0) }
            buffer.removeAll()
        }
        if exchange.body.spool?.isSent == true, exchange.body.isComplete { connection.endBody() }
        return true
    }

    // MARK: Events from the connection

    func connected() {
        progress.attempts[progress.attempts.count - 1].connectedAt = loop.events.now
        if !exchange.body.isComplete { exchange.resumeBodySoon() }
    }

    /// The kernel has taken bytes of the request.
    func sent(_ count: Int) {
        progress.figures.bytesSent += count
        // Keep a reference to the exchange: the request may end in the calls below, and the exchange may be disposed
        // then.
        let exchange = exchange!
        machine.sent(isHeld: exchange.body.isHeld)
        if exchange.body.spool != nil, let connection { _ = sendSpool(to: connection) }
        exchange.resumeBodyIfPossible()
    }

    func received(_ count: Int) { progress.figures.bytesReceived += count }

    /// - Parameter code: The `errno` code if the connection could not be established.
    func failed(_ connection: UpstreamConnection, _ failure: UpstreamMachine.Failure, code: CInt = 0) {
        guard connection === progress.connection else { return }
        closeConnection()
        let wasAnswering = machine.isAnswering
        let action = machine.failed(failure, after: tries)
        if action == .reconnect { return perform(action) }
        if failure == .connectFailed {
            logUnconnected("connect() failed (\(code): \(SystemError.text(code)))")
        } else {
            exchange.log(.error, "upstream \(failure.text)")
        }
        let last = progress.attempts.count - 1
        progress.attempts[last].status = failure.status
        progress.attempts[last].endedAt = loop.events.now
        exchange.probe?.failed(failure)
        finishLease(
            failure == .overloaded || wasAnswering ? .unknown : .failure, .closed, isError: failure != .overloaded)
        perform(action)
    }

    func failed(_ connection: UpstreamConnection, _ error: UpstreamProtocolError) {
        exchange.log(.error, "\(error) while reading response header from upstream")
        failed(connection, .invalidResponse)
    }

    /// Logs that a peer could not be reached. While a request waits for a usable peer, it tries to connect again and
    /// again, and the errors of these tries are not logged.
    private func logUnconnected(_ error: String) {
        if progress.figures.waitingSince == nil { exchange.log(.error, "\(error) while connecting to upstream") }
    }

    func closeConnection() {
        guard let connection = progress.connection else { return }
        progress.connection = nil
        connection.close()
    }

    func finishLease(
        _ outcome: LeaseOutcome, _ end: ConnectionEnd, times: ResponseTimes? = nil, isError: Bool = false
    ) {
        guard let lease = progress.lease, let upstream = location.upstream else { return }
        progress.lease = nil
        // A health check itself counts its outcome.
        let isProbe = exchange.probe != nil
        let finished = upstream.group.finish(
            lease, isProbe ? .unknown : outcome, connection: end, now: loop.milliseconds,
            times: isProbe ? nil : times, isError: isError && !isProbe)
        report(finished.ejections)
        loop.wake(finished.wake, for: upstream)
    }

    func report(_ ejections: [Ejection]) {
        for ejection in ejections {
            location.errorLog.log(
                .warn,
                "upstream server ejected for \(ejection.duration) ms by \(ejection.reason.rawValue), peer \(ejection.address) in upstream \"\(location.upstream!.name)\""
            )
        }
    }
}
