internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// The connection's reading half: one request after the other out of the bytes that come.
extension ClientConnection {
    private static let readSize = 16 * 1024
    /// How much of a body that nobody wants is read so that the connection can go on.
    private static let discardedBody = 1024 * 1024
    /// Below so many bytes a second over the whole of `client_body_timeout` a body is given up.
    private static let slowestBody = 500

    /// Goes on as far as the bytes that are there, and those that can be read now, allow.
    func pump() {
        guard !isProcessing else { return }
        isProcessing = true
        process()
        while isReadable, wantsInput {
            read()
            process()
        }
        isProcessing = false
        if input?.isEmpty == true { loop.events.buffers.giveBack(&input) }
        if isPeerClosed, phase == .exchange, isBodyDone, !isResponseDone, !ignoresAbort {
            exchange?.log(.info, "client prematurely closed connection")
            lost()
        }
    }

    private var wantsInput: Bool {
        switch phase {
        case .idle, .head, .lingering: true
        case .exchange: !isBodyDone && exchange?.isBodyCongested == false
        case .closed: false
        }
    }

    private func read() {
        let buffer = input ?? loop.events.buffers.take()
        input = buffer
        switch transport.read(into: buffer, atMost: Self.readSize) {
        case .bytes(let count):
            if count < Self.readSize, !isPeerClosed { isReadable = false }
            switch phase {
            case .exchange: bodyArrived()
            case .lingering:
                buffer.removeAll()
                if loop.events.now >= lingersUntil { close() } else { arm(.linger) }
            default: break
            }
        case .wouldBlock:
            isReadable = false
        case .closed:
            isReadable = false
            isPeerClosed = true
            ended()
        case .failed:
            lost()
        }
    }

    /// The client sends no more.
    private func ended() {
        switch phase {
        case .idle, .lingering: close()
        case .head, .exchange:
            if phase == .exchange, isBodyDone { return }
            exchange?.log(.info, "client prematurely closed connection")
            lost()
        case .closed: break
        }
    }

    private func bodyArrived() {
        let elapsed = loop.events.now - bodyStartedAt
        let timeout = location.settings.client.bodyTimeout
        if elapsed > timeout, let exchange {
            let floor = elapsed.wholeMilliseconds / 1000 * Int64(Self.slowestBody)
            if Int64(exchange.bodyCount) < floor { return bodyTimedOut() }
        }
        // A client that takes nothing is not waited for longer because it sends.
        if !isBodyDone, timerKind != .send { arm(.body) }
    }

    /// Takes what is in the input as far as it goes.
    private func process() {
        while true {
            switch phase {
            case .idle:
                guard input?.isEmpty == false else { return }
                if awaitsProxyHeader, !takeProxyHeader() { return }
                let exchange = loop.takeExchange()
                exchange.open(
                    client: self, info: info, configuration: listener.configuration, server: listener.defaultServer)
                self.exchange = exchange
                phase = .head
                arm(.none)
            case .head:
                guard parseHead() else {
                    // Most heads come in one piece, and none is waited for.
                    if phase == .head, timerKind == .none { arm(.header) }
                    return
                }
            case .exchange:
                takeBody()
                flush()
                guard phase == .exchange else { continue }
                guard isResponseDone, isFlushed else { return }
                exchange?.complete()
                guard endExchange() else { return }
            case .lingering:
                input?.removeAll()
                return
            case .closed:
                return
            }
        }
    }

    /// - Returns: false when more must come first
    private func parseHead() -> Bool {
        guard let input, let exchange else { return false }
        do throws(HTTPError) {
            let length = try input.withSpan { bytes throws(HTTPError) in
                let length = try exchange.parser.parse(bytes)
                if let length { exchange.headBytes.append(contentsOf: bytes.extracting(0..<length)) }
                return length
            }
            guard let length else { return false }
            input.consume(length)
            beginExchange(bodyDone: exchange.parser.head.body == .none)
            exchange.begin(listener: listener)
            // It may have been answered by closing the connection.
            guard phase == .exchange else { return true }
            if isBodyDone { exchange.bodyEnded() } else { expectBody(exchange) }
        } catch {
            keepHeadSoFar(input, exchange)
            input.removeAll()
            beginExchange(bodyDone: true)
            exchange.refuse(.malformed(error))
        }
        return true
    }

    /// Of a head that is not taken: for logs, and for what was parsed of it.
    func keepHeadSoFar(_ input: ByteBuffer, _ exchange: Exchange) {
        let limit = exchange.parser.limits.head
        input.withSpan { exchange.headBytes.append(contentsOf: $0.extracting(first: min($0.count, limit))) }
    }

    func beginExchange(bodyDone: Bool) {
        info.requests += 1
        phase = .exchange
        isBodyDone = bodyDone
        isResponseDone = false
        bytesAtStart = bytesWritten
        headBytes = 0
        arm(.none)
    }

    private func expectBody(_ exchange: Exchange) {
        // The limit of the location that was found.
        exchange.decoder = BodyDecoder(exchange.parser.head.body, maxBytes: exchange.maximumBody)
        bodyStartedAt = loop.events.now
        if exchange.parser.head.expectsContinue {
            if exchange.isBodyUnwanted {
                // The client may send the body or not: only a new connection is sure to begin with a request.
                keepsAlive = false
            } else if input?.isEmpty != false {
                ResponseEncoder.writeContinue(into: &writeBuffer().storage)
            }
        }
    }

    private func takeBody() {
        guard !isBodyDone, let exchange else { return }
        while !isBodyDone, let input, !input.isEmpty, !exchange.isBodyCongested {
            do throws(HTTPError) {
                let consumed = try input.withSpan { bytes throws(HTTPError) in
                    let piece = try exchange.decoder.next(bytes)
                    if !piece.data.isEmpty { exchange.body(bytes.extracting(piece.data)) }
                    return piece.consumed
                }
                input.consume(consumed)
            } catch {
                // Where the body ends is not known: nothing more can be read.
                isBodyDone = true
                keepsAlive = false
                arm(.none)
                exchange.refuse(error == .bodyTooLarge ? .bodyTooLarge : .malformed(error))
                return
            }
            if exchange.decoder.isComplete {
                isBodyDone = true
                if timerKind == .body { arm(.none) }
                exchange.bodyEnded()
            }
        }
        guard !isBodyDone else { return }
        exchange.bodyPaused()
        if exchange.isBodyCongested {
            // The time that a node takes is not the client's.
            if timerKind == .body { arm(.none) }
        } else if timerKind == .none {
            arm(.body)
        }
    }

    /// The response is out.
    /// - Returns: whether the connection goes on with what is in the input
    private func endExchange() -> Bool {
        guard let exchange else { return false }
        let mayGoOn = keepsAlive && !isPeerClosed
        if mayGoOn, !isBodyDone {
            if exchange.decoder.count > Self.discardedBody { return beginLingering() }
            return false
        }
        guard mayGoOn else {
            let mode = location.settings.client.lingeringClose
            if mode == .off || mode == .on && isBodyDone && input?.isEmpty != false && !isReadable {
                close()
                return false
            }
            return beginLingering()
        }
        // As long as the request's location says.
        arm(.keepalive)
        self.exchange = nil
        loop.giveBack(exchange)
        phase = .idle
        idleSince = loop.events.now
        // This response may have begun before the worker was told to end.
        if loop.isDraining { drain() }
        return true
    }

    private func beginLingering() -> Bool {
        if isPeerClosed || location.settings.client.lingeringClose == .off {
            close()
            return false
        }
        lingersUntil = loop.events.now + location.settings.client.lingeringTime
        lingeringTimeout = location.settings.client.lingeringTimeout
        releaseExchange()
        phase = .lingering
        idleSince = loop.events.now
        input?.removeAll()
        transport.shutdownWriting()
        arm(.linger)
        return true
    }
}
