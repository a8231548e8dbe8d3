internal import FastCGIWire
internal import Bytes
internal import Balancing
internal import NginxConfig
internal import Reactor

/// How a peer's response is delivered or dropped.
extension UpstreamRequest {
    /// What to do with a response whose head has arrived.
    enum HeadDecision {
        case deliver
        /// Drop the response and ask another peer (`fastcgi_next_upstream`).
        case passOver
        /// Replace the response by an `error_page` (`fastcgi_intercept_errors`).
        case intercept
        /// Drop the response and continue at this target (`X-Accel-Redirect`).
        case redirect(to: [UInt8])
    }

    func decide(_ head: UpstreamResponseHead) -> HeadDecision {
        if location.settings.upstream.retry.conditions.contains(status: head.status),
            machine.passesOver(head.status, after: tries)
        {
            return .passOver
        }
        guard exchange.probe == nil else { return .deliver }
        if location.settings.upstream.interceptsErrors, ErrorPages(exchange).hasPage(for: head.status) {
            return .intercept
        }
        if head.hasAccel, location.settings.upstream.obeyedHeaders.contains(.redirect),
            let target = head.value(of: "x-accel-redirect", known: .accel)
        {
            return .redirect(to: target)
        }
        return .deliver
    }

    /// Sends the response to the client.
    func deliver(_ head: UpstreamResponseHead) {
        machine.responseBegan()
        let last = progress.attempts.count - 1
        progress.attempts[last].status = head.status
        progress.attempts[last].headerAt = loop.events.now
        exchange.deliver(head)
    }

    /// - Parameter bytes: Body bytes that stay in place until ``ClientStream/takeLentBody()``.
    func deliver(body bytes: Span<UInt8>) {
        progress.attempts[progress.attempts.count - 1].responseLength += bytes.count
        exchange.client.responseBody(lent: bytes)
    }

    /// Writes FCGI_STDERR to the error log.
    /// - Returns: Whether the text means that the response is invalid (`fastcgi_catch_stderr`).
    func takeDiagnostics(_ bytes: Span<UInt8>) -> Bool {
        var text: [UInt8] = []
        text.append(copying: bytes)
        exchange.log(.error, "FastCGI sent in stderr: \"\(String(decoding: text, as: UTF8.self))\"")
        let caught = location.settings.fastCGI.caughtStderr
        return !caught.isEmpty && !machine.isAnswering && caught.contains { text.contains($0) }
    }

    /// Closes the connection instead of delivering the response, and carries out the decision.
    func drop(_ connection: UpstreamConnection, _ head: UpstreamResponseHead, _ decision: HeadDecision) {
        closeConnection()
        let last = progress.attempts.count - 1
        progress.attempts[last].status = head.status
        progress.attempts[last].headerAt = loop.events.now
        progress.attempts[last].endedAt = loop.events.now
        switch decision {
        case .deliver: break
        case .passOver:
            // 403 and 404 do not count as failures of the peer.
            finishLease(head.status == 403 || head.status == 404 ? .success : .failure, .closed)
            perform(machine.passedOver())
        case .intercept:
            finishLease(.success, .closed, isError: head.status >= 500)
            exchange.refuse(.configured(head.status))
        case .redirect(let target):
            finishLease(.success, .closed)
            machine.abandoned()
            progress.tried.removeAll()
            InternalRedirects(exchange).redirect(to: target, from: head)
        }
    }

    /// The response is complete.
    func ended(_ connection: UpstreamConnection, isReusable: Bool) {
        progress.connection = nil
        let last = progress.attempts.count - 1
        progress.attempts[last].endedAt = loop.events.now
        machine.responseEnded()
        let upstream = connection.upstream
        let times = progress.attempts[last].times
        let isError = progress.attempts[last].status >= 500
        if isReusable, exchange.body.isComplete, let idleTime = upstream.idleTime(of: connection),
            let lease = progress.lease
        {
            progress.lease = nil
            let finished = upstream.shared.group.finish(
                lease, .success, connection: .idle, now: loop.milliseconds, times: times, isError: isError)
            if finished.keepsConnection { connection.becomeIdle(for: idleTime) } else { connection.close() }
            if !finished.ejections.isEmpty { report(finished.ejections) }
            loop.wake(finished.wake, for: upstream.shared)
        } else {
            connection.close()
            finishLease(.success, .closed, times: times, isError: isError)
        }
        exchange.body.discard()
        exchange.client.endResponse()
    }
}
