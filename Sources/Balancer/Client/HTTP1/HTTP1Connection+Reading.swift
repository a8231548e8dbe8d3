internal import Bytes
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// The reading half of the connection. It parses one request after the other.
extension HTTP1Connection {
    private static let readSize = 16 * 1024

    /// Processes all bytes in the buffer, and all bytes that can be read now.
    func pump() {
        guard !isPumping else { return }
        isPumping = true
        process()
        while isReadable, demandInput() {
            read()
            process()
        }
        isPumping = false
        if input?.isEmpty == true { loop.events.buffers.giveBack(&input) }
        if machine.abortsForClosedPeer(ignoresAbort: location.settings.upstream.ignoresClientAbort) {
            exchange?.log(.info, "client prematurely closed connection")
            abort()
        }
    }

    private func demandInput() -> Bool {
        if machine.isInExchange { return machine.readsBody && exchange?.demandBody() == true }
        return !machine.isClosed
    }

    private func read() {
        let buffer = input ?? loop.events.buffers.take()
        input = buffer
        switch transport.read(into: buffer, atMost: Self.readSize) {
        case .bytes(let count):
            if count < Self.readSize, !machine.isPeerClosed { isReadable = false }
            if machine.isInExchange {
                bodyArrived()
            } else if machine.isLingering {
                lingerOn()
            }
        case .wouldBlock:
            isReadable = false
        case .closed:
            isReadable = false
            switch machine.inputEnded() {
            case .none: break
            case .close: close()
            case .abort:
                exchange?.log(.info, "client prematurely closed connection")
                abort()
            }
        case .failed:
            abort()
        }
    }

    /// Processes the bytes in the input buffer until the connection must wait for an event.
    private func process() {
        while true {
            switch machine.nextStep(hasInput: input?.isEmpty == false) {
            case .wait: return
            case .takeProxyHeader: guard takeProxyHeader() else { return }
            case .beginRequest: beginRequest()
            case .parseHead:
                guard parseHead() else {
                    // Set the timer only if the head is incomplete. Most heads arrive in one piece and need no timer.
                    if machine.isReadingHead, timeout == .none { arm(.header) }
                    return
                }
            case .transfer: guard transfer() else { return }
            case .discardInput:
                input?.removeAll()
                return
            }
        }
    }

    // MARK: The head

    private func beginRequest() {
        let exchange = loop.takeExchange()
        let reader = loop.takeReader()
        let server = listener.defaultServer
        exchange.open(client: self, info: info, configuration: listener.configuration, server: server)
        reader.parser.limits = server.headLimits
        reader.parser.rules = server.requestRules
        self.exchange = exchange
        self.reader = reader
        machine.requestBegan()
        arm(.none)
    }

    /// - Returns: false if more bytes are needed.
    private func parseHead() -> Bool {
        guard let input, let exchange, let reader else { return false }
        do throws(HTTPError) {
            let length = try input.withSpan { bytes throws(HTTPError) in
                let length = try reader.parser.parse(bytes, into: &exchange.request.head)
                if let length { exchange.request.bytes.append(copying: bytes.extracting(0..<length)) }
                return length
            }
            guard let length else { return false }
            input.consume(length)
        } catch {
            keepHeadSoFar(input, exchange)
            input.removeAll()
            beginExchange(hasBody: false)
            exchange.refuse(.malformed(error))
            return true
        }
        beginExchange(hasBody: exchange.request.head.body != .none)
        exchange.begin(at: listener)
        // The exchange may have closed the connection instead of sending a response.
        guard machine.isInExchange else { return true }
        if machine.readsBody { expectBody(exchange, reader) } else { exchange.endBody() }
        return true
    }

    private func beginExchange(hasBody: Bool) {
        info.requests += 1
        machine.headEnded(hasBody: hasBody)
        writer.beginExchange()
        arm(.none)
    }

    /// Keeps the bytes of a head that is refused: logs show them, and the parsed fields point into them.
    private func keepHeadSoFar(_ input: ByteBuffer, _ exchange: Exchange) {
        let limit = exchange.server.headLimits.head
        input.withSpan { exchange.request.bytes.append(copying: $0.extracting(first: min($0.count, limit))) }
    }

    /// Answers 408 after `client_header_timeout`.
    func refuseHead() {
        guard let exchange, let input else { return close() }
        keepHeadSoFar(input, exchange)
        beginExchange(hasBody: false)
        exchange.refuse(.headerTimeout)
        pump()
    }

    // MARK: The body

    private func expectBody(_ exchange: Exchange, _ reader: HTTP1Reader) {
        // The limit depends on the location, which is known only after the head.
        reader.beginBody(exchange.request.head.body, limit: exchange.maxBodySize, now: loop.events.now)
        guard exchange.request.head.expectsContinue else { return }
        if exchange.body.isUnwanted {
            machine.forbidKeepAlive()
        } else if input?.isEmpty != false {
            writer.writeContinue()
        }
    }

    private func bodyArrived() {
        guard let exchange, let reader else { return }
        let timeout = location.settings.client.bodyTimeout
        if reader.isBodyTooSlow(exchange.body.count, now: loop.events.now, timeout: timeout) { return refuseBody() }
        // While the send timeout runs, bytes of the body do not extend it: the client must read its response.
        if machine.readsBody, self.timeout != .send { arm(.body) }
    }

    /// Answers 408 after `client_body_timeout`.
    func refuseBody() {
        exchange?.refuse(.bodyTimeout)
        pump()
    }

    private func takeBody() {
        guard machine.readsBody, let exchange, let reader else { return }
        while machine.readsBody, let input, !input.isEmpty, exchange.demandBody() {
            do throws(HTTPError) {
                let consumed = try input.withSpan { bytes throws(HTTPError) in
                    let piece = try reader.decoder.next(bytes)
                    if !piece.data.isEmpty { exchange.receiveBody(bytes.extracting(piece.data)) }
                    return piece.consumed
                }
                input.consume(consumed)
                exchange.beginContent()
                // If the request has ended already, the connection may be closed, and another request may use the
                // exchange.
                guard machine.readsBody else { return }
            } catch {
                machine.bodyBroke()
                arm(.none)
                exchange.refuse(error == .bodyTooLarge ? .bodyTooLarge : .malformed(error))
                return
            }
            if reader.decoder.isComplete {
                machine.bodyEnded()
                if timeout == .body { arm(.none) }
                exchange.endBody()
            }
        }
        guard machine.readsBody else { return }
        exchange.flushBody()
        if !exchange.demandBody() {
            // The balancer waits for the peer now, not for the client.
            if timeout == .body { arm(.none) }
        } else if timeout == .none {
            arm(.body)
        }
    }

    /// Reads the body, and sends the response.
    /// - Returns: Whether to continue with the bytes in the input buffer.
    private func transfer() -> Bool {
        takeBody()
        flush()
        guard machine.isInExchange else { return true }
        guard !machine.awaitsResponse, writer.isFlushed, let exchange else { return false }
        exchange.complete()
        let ending = machine.responseSent(
            bodyCount: reader?.decoder.count ?? 0, hasInput: input?.isEmpty == false || isReadable,
            lingering: location.settings.client.lingeringClose)
        switch ending {
        case nil, .wait?: return false
        case .close?:
            close()
            return false
        case .linger?: linger()
        case .keepAlive?: becomeIdle()
        }
        return true
    }
}
