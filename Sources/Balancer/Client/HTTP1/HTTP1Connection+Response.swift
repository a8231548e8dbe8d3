internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// The writing half of the connection. It sends the responses in order.
extension HTTP1Connection: ClientStream {
    var responseBacklog: Int {
        // The next bytes go to a file, so the peer need not wait for the client.
        if writer.spool == nil, spoolsResponse { return 0 }
        return writer.backlog
    }
    var responseBytesSent: Int { writer.bytesSent }
    var responseHeadBytes: Int { writer.headBytes }

    func beginResponse(_ status: Int, reason: String?, contentLength: Int?, mayKeepAlive: Bool) {
        guard let exchange else { return }
        // If a client that sent `Expect: 100-continue` gets the response before it sends the body, it may or may not
        // send the body. So the start of the next request would be unknown.
        let isRefusedEarly =
            exchange.request.head.expectsContinue && machine.readsBody && exchange.body.count == 0
        let location: RunningLocation = exchange.location
        let mayKeepAlive =
            mayKeepAlive && !loop.isDraining && !isRefusedEarly
            && info.requests < location.settings.client.keepaliveRequests
            && location.settings.client.keepaliveTimeout > .zero
            && loop.events.now - info.openedAt <= location.settings.client.keepaliveTime
        writer.beginHead(
            status, reason: reason, version: exchange.request.head.version,
            isHead: exchange.request.head.method.isHead,
            keepsAlive: mayKeepAlive && exchange.request.head.keepsAlive, contentLength: contentLength)
    }

    func responseField(_ name: Span<UInt8>, _ value: Span<UInt8>) { writer.field(name, value) }

    func responseServerAndDate(_ time: TimeText) { writer.fields(time.http1Fields) }

    func endResponseHead() { writer.endHead() }

    func responseBody(_ bytes: Span<UInt8>) {
        guard spoolsResponse else { return writer.body(bytes) }
        do throws(SystemError) {
            try writer.spool(bytes, location.settings.upstream.buffering)
        } catch {
            spoolFailed(error)
        }
    }

    func responseBody(lent bytes: Span<UInt8>) {
        let pieces = loop.lentPieces
        guard writer.lend(bytes, to: pieces, mayLend: mayLend) else {
            // Send the lent bytes first, to keep the order.
            takeLentBody()
            return responseBody(bytes)
        }
        if pieces.isFull { takeLentBody() }
    }

    private var mayLend: Bool {
        writer.isWritable && !writer.isHeldBack && !isPumping && !writer.isChunked && !spoolsResponse
            && machine.isInExchange && exchange?.response.limitRate == 0
    }

    func takeLentBody() {
        let pieces = loop.lentPieces
        guard !pieces.isEmpty else { return }
        if writer.send(pieces, to: transport) {
            awaitWritable()
            arm(.send)
        }
    }

    func responseFile(_ part: FilePart) { writer.file(part) }

    func endResponse() {
        var keepsAlive = false
        if writer.spool != nil {
            do throws(SystemError) {
                keepsAlive = try writer.endSpooled(location.settings.upstream.buffering)
            } catch {
                spoolFailed(error)
            }
        } else {
            keepsAlive = writer.end()
        }
        machine.responseWritten(keepsAlive: keepsAlive)
    }

    func abortResponse() {
        writer.abort()
        exchange?.log(.info, "the response was cut short")
        flush()
        abort()
    }

    func dropConnection(resets: Bool) { abort(resets: resets) }

    func flushResponse() {
        guard !isPumping, !machine.isClosed else { return }
        flush()
        guard machine.isInExchange, !machine.awaitsResponse, writer.isFlushed else { return }
        pump()
    }

    func resumeRequestBody() {
        if machine.readsBody, timeout == .none { arm(.body) }
        pump()
    }

    // MARK: The spool

    /// Whether response bytes now go to the file. This begins when too many bytes wait in memory for the client, and
    /// ends when the client has got the whole file.
    private var spoolsResponse: Bool {
        if writer.spool != nil { return true }
        guard let output = writer.output, output.count > Exchange.highWaterMark, let exchange else {
            return false
        }
        let buffering = location.settings.upstream.buffering
        return buffering.buffersResponses && buffering.maxTempFileSize > 0 && exchange.response.mayBuffer
    }

    private func spoolFailed(_ error: SystemError) {
        exchange?.log(.crit, "\(error) while buffering a response")
        exchange?.response.mayBuffer = false
    }

    // MARK: Sending

    func flush() {
        let budget = responseBudget
        switch writer.flush(to: transport, budget: budget) {
        case .idle: break
        case .flushed: awaitBodyAgain()
        case .blocked(let hasProgressed):
            awaitWritable()
            if hasProgressed || timeout != .send { arm(.send) }
        case .throttled:
            writer.isHeldBack = true
            arm(.rate)
        case .yielded:
            arm(.send)
            loop.events.later { [self] in
                flushResponse()
                if responseBacklog == 0 { exchange?.clientDrained() }
            }
        case .failed: abort()
        case .truncated:
            exchange?.log(.info, "the response was cut short")
            abort()
        }
    }

    /// How many bytes may be sent to the client now (`limit_rate`).
    private var responseBudget: Int {
        guard let exchange, exchange.response.limitRate > 0 else { return .max }
        return exchange.response.budget(
            after: location.settings.client.limitRateAfter, elapsed: loop.events.now - exchange.request.startedAt,
            sent: writer.bytesSent)
    }

    /// The socket has taken all response bytes that were written so far. If the rest of the request's body is still
    /// missing, `client_body_timeout` starts again.
    private func awaitBodyAgain() {
        guard timeout == .send || timeout == .none else { return }
        if machine.readsBody, exchange?.demandBody() == true {
            arm(.body)
        } else if timeout == .send {
            arm(.none)
        }
    }
}
