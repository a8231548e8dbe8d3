internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// A client's HTTP/1 connection: takes one request after the other, and gives their responses back in order.
///
/// Between requests it holds no buffers and no exchange: an idle connection is this object and a descriptor.
final class ClientConnection: EventHandler, TimerHandler {
    private enum Phase {
        /// Between requests.
        case idle
        /// A head has begun to come in.
        case head
        /// An exchange is under way: its body, its response, or both.
        case exchange
        /// The last response is out; what the client still sends is thrown away for a while, since closing with unread
        /// bytes would reset the connection and take the response with it (nginx: `lingering_close`).
        case lingering
        case closed
    }

    private enum TimerKind {
        case none, keepalive, header, body, send, linger
    }

    private static let readSize = 16 * 1024
    /// nginx: `keepalive_requests`.
    private static let maximumRequests = 1000
    /// nginx: `lingering_timeout`, `lingering_time`.
    private static let lingeringTimeout = Duration.seconds(5)
    private static let lingeringTime = Duration.seconds(30)
    /// How much of a body that nobody wants is read so that the connection can go on.
    private static let discardedBody = 1024 * 1024
    /// Below so many bytes a second over the whole of `client_body_timeout` a body is given up.
    private static let slowestBody = 500

    let worker: WorkerLoop
    private let listener: ListenerSocket
    private let transport: Transport
    private let info: ClientInfo
    private var registration: EventLoop.Registration!
    private var timer: EventLoop.Timer!
    private var timerKind = TimerKind.none

    private var phase = Phase.idle
    private var exchange: Exchange?
    private var input: ByteBuffer?
    private var output: ByteBuffer?
    private var encoder = ResponseEncoder()
    private var decoder = BodyDecoder(.none)

    private var isReadable = false
    private var isWritable = true
    private var isPeerClosed = false
    private var isProcessing = false
    private var isBodyDone = true
    private var isResponseDone = false
    private var keepsAlive = false
    private var bytesWritten = 0
    private var bytesAtStart = 0
    private var headBytes = 0
    private var bodyStartedAt = MonotonicTime(nanoseconds: 0)
    private var lingersUntil = MonotonicTime(nanoseconds: 0)

    init(_ socket: Socket, from address: SocketAddress, listener: ListenerSocket) throws(SystemError) {
        self.listener = listener
        worker = listener.worker
        transport = .plain(socket)
        info = ClientInfo(number: worker.nextConnectionNumber(), address: address, transport: transport)
        registration = try worker.loop.add(socket.descriptor, self)
        timer = worker.loop.makeTimer(self)
        worker.register(self)
        arm(.header)
    }

    private var settings: LocationSettings { exchange?.location.settings ?? listener.defaultSettings }

    // MARK: Events

    func handle(_ readiness: Readiness) {
        guard phase != .closed else { return }
        if readiness.contains(.failed) || readiness.contains(.hungUp) { return lost() }
        if readiness.contains(.writable), !isWritable {
            isWritable = true
            flushResponse()
            guard phase != .closed else { return }
            if responseBacklog < UpstreamConnection.congestion / 2 { exchange?.clientDrained() }
        }
        if readiness.contains(.peerClosed) { isPeerClosed = true }
        if readiness.contains(.readable) || isPeerClosed {
            isReadable = true
            pump()
        }
    }

    func timerFired(_ timer: EventLoop.Timer) {
        let kind = timerKind
        timerKind = .none
        switch kind {
        case .none: break
        case .keepalive: close()
        case .linger: close()
        case .header:
            guard let exchange, let input, !input.isEmpty else { return close() }
            exchange.headBytes.append(contentsOf: input.storage)
            beginExchange(bodyDone: true)
            exchange.refuse(.headerTimeout)
            pump()
        case .body: bodyTimedOut()
        case .send:
            exchange?.log(.info, "client timed out while sending to client")
            lost()
        }
    }

    private func bodyTimedOut() {
        exchange?.refuse(.bodyTimeout)
        pump()
    }

    /// The worker is to end: so does this connection, as soon as no exchange is under way.
    func drain() {
        if phase == .idle { close() }
    }

    // MARK: Reading

    /// Goes on as far as the bytes that are there, and those that can be read now, allow.
    private func pump() {
        guard !isProcessing else { return }
        isProcessing = true
        process()
        while isReadable, wantsInput {
            read()
            process()
        }
        isProcessing = false
        if let input, input.isEmpty {
            worker.loop.buffers.giveBack(input)
            self.input = nil
        }
        if isPeerClosed, phase == .exchange, isBodyDone, !isResponseDone {
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
        let buffer = input ?? worker.loop.buffers.take()
        input = buffer
        switch transport.read(into: buffer, atMost: Self.readSize) {
        case .bytes(let count):
            if count < Self.readSize, !isPeerClosed { isReadable = false }
            switch phase {
            case .exchange: bodyArrived()
            case .lingering:
                buffer.removeAll()
                if worker.loop.now >= lingersUntil { close() } else { arm(.linger) }
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
        let elapsed = worker.loop.now - bodyStartedAt
        let timeout = settings.clientBodyTimeout
        if elapsed > timeout, let exchange {
            let floor = elapsed.wholeMilliseconds / 1000 * Int64(Self.slowestBody)
            if Int64(exchange.bodyCount) < floor { return bodyTimedOut() }
        }
        if !isBodyDone { arm(.body) }
    }

    /// Takes what is in the input as far as it goes.
    private func process() {
        while true {
            switch phase {
            case .idle:
                guard let input, !input.isEmpty else { return }
                let exchange = worker.takeExchange()
                exchange.open(
                    client: self, info: info, configuration: listener.configuration,
                    defaultServer: listener.settings.defaultServer)
                self.exchange = exchange
                phase = .head
                arm(.header)
            case .head:
                guard parseHead() else { return }
            case .exchange:
                takeBody()
                flush()
                guard phase == .exchange else { continue }
                guard isResponseDone, output == nil else { return }
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
            let length = try input.withSpan { bytes throws(HTTPError) in try exchange.parser.parse(bytes) }
            guard let length else { return false }
            input.withBytes { exchange.headBytes.append(contentsOf: $0[..<length]) }
            input.consume(length)
            decoder = BodyDecoder(exchange.parser.head.body, maximum: exchange.maximumBody)
            beginExchange(bodyDone: decoder.isComplete)
            exchange.begin(listener: listener.settings)
            if isBodyDone { exchange.bodyEnded() } else { expectBody(exchange) }
        } catch {
            exchange.headBytes.append(contentsOf: input.storage.prefix(exchange.parser.limits.head))
            input.removeAll()
            beginExchange(bodyDone: true)
            exchange.refuse(.malformed(error))
        }
        return true
    }

    private func beginExchange(bodyDone: Bool) {
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
        decoder = BodyDecoder(exchange.parser.head.body, maximum: exchange.maximumBody)
        bodyStartedAt = worker.loop.now
        if exchange.parser.head.expectsContinue {
            if exchange.isBodyUnwanted {
                // The client may send the body or not: only a new connection is sure to begin with a request.
                keepsAlive = false
            } else if input?.isEmpty != false {
                ResponseEncoder.writeContinue(into: &writeBuffer().storage)
            }
        }
        arm(.body)
    }

    private func takeBody() {
        guard !isBodyDone, let exchange else { return }
        while !isBodyDone, let input, !input.isEmpty, !exchange.isBodyCongested {
            do throws(HTTPError) {
                let consumed = try input.withSpan { bytes throws(HTTPError) in
                    let piece = try decoder.next(bytes)
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
            if decoder.isComplete {
                isBodyDone = true
                arm(.none)
                exchange.bodyEnded()
            }
        }
        guard !isBodyDone else { return }
        exchange.bodyPaused()
        // The time that a node takes is not the client's.
        if exchange.isBodyCongested, timerKind == .body { arm(.none) }
    }

    /// The response is out.
    /// - Returns: whether the connection goes on with what is in the input
    private func endExchange() -> Bool {
        guard let exchange else { return false }
        let mayGoOn = keepsAlive && !worker.isDraining && !isPeerClosed
        if mayGoOn, !isBodyDone {
            if decoder.count > Self.discardedBody { return beginLingering() }
            return false
        }
        guard mayGoOn else {
            if isBodyDone, input?.isEmpty != false, !isReadable {
                close()
                return false
            }
            return beginLingering()
        }
        self.exchange = nil
        worker.giveBack(exchange)
        phase = .idle
        arm(.keepalive)
        return true
    }

    private func beginLingering() -> Bool {
        if isPeerClosed {
            close()
            return false
        }
        releaseExchange()
        phase = .lingering
        input?.removeAll()
        transport.shutdownWriting()
        lingersUntil = worker.loop.now + Self.lingeringTime
        arm(.linger)
        return true
    }

    // MARK: Writing

    private func writeBuffer() -> ByteBuffer {
        if let output { return output }
        let buffer = worker.loop.buffers.take()
        output = buffer
        return buffer
    }

    private func flush() {
        guard let output else { return }
        while isWritable, !output.isEmpty {
            let offered = output.count
            switch transport.write(from: output) {
            case .bytes(let count):
                bytesWritten += count
                if count < offered { isWritable = false }
                if !output.isEmpty { arm(.send) }
            case .wouldBlock:
                isWritable = false
                if timerKind != .send { arm(.send) }
            case .closed, .failed:
                return lost()
            }
        }
        guard output.isEmpty else { return }
        worker.loop.buffers.giveBack(output)
        self.output = nil
        if timerKind == .send { arm(isBodyDone ? .none : .body) }
    }

    // MARK: Ends

    /// The client is gone, in the middle of whatever it was.
    private func lost() {
        if let exchange, phase == .exchange {
            if !isResponseDone { exchange.clientGone() }
            exchange.complete()
        }
        close()
    }

    /// The process ends, or its loop does.
    func end() { lost() }

    private func releaseExchange() {
        guard let exchange else { return }
        self.exchange = nil
        exchange.clientGone()
        worker.giveBack(exchange)
    }

    private func close() {
        guard phase != .closed else { return }
        phase = .closed
        releaseExchange()
        if let input { worker.loop.buffers.giveBack(input) }
        if let output { worker.loop.buffers.giveBack(output) }
        input = nil
        output = nil
        worker.loop.remove(registration)
        worker.loop.remove(timer)
        transport.close()
        worker.unregister(self)
    }

    private func arm(_ kind: TimerKind) {
        guard phase != .closed else { return }
        timerKind = kind
        let duration: Duration
        switch kind {
        case .none: return worker.loop.clear(timer)
        case .keepalive: duration = settings.keepaliveTimeout
        case .header: duration = listener.defaultSettings.clientHeaderTimeout
        case .body: duration = settings.clientBodyTimeout
        case .send: duration = settings.sendTimeout
        case .linger: duration = Self.lingeringTimeout
        }
        worker.loop.set(timer, after: duration)
    }
}

extension ClientConnection: ResponseSink {
    var responseBacklog: Int { output?.count ?? 0 }
    var responseBytesSent: Int { bytesWritten - bytesAtStart }
    var responseHeadBytes: Int { headBytes }

    func beginResponse(_ status: Int, reason: String?, contentLength: Int?, mayKeepAlive: Bool) {
        guard let exchange else { return }
        let isRefusedEarly = exchange.parser.head.expectsContinue && !isBodyDone && exchange.bodyCount == 0
        let mayKeepAlive =
            mayKeepAlive && !worker.isDraining && !isRefusedEarly && info.requests < Self.maximumRequests
            && settings.keepaliveTimeout > .zero
        let output = writeBuffer()
        let before = output.storage.count
        encoder.begin(
            status, reason: reason, for: exchange.parser.head, keepAlive: mayKeepAlive, contentLength: contentLength,
            into: &output.storage)
        headBytes += output.storage.count - before
    }

    func responseField(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        guard let output else { return }
        let before = output.storage.count
        encoder.field(name, value, into: &output.storage)
        headBytes += output.storage.count - before
    }

    func endResponseHead() {
        guard let output else { return }
        encoder.endHead(into: &output.storage)
        headBytes += 2
    }

    func responseBody(_ bytes: Span<UInt8>) {
        let output = writeBuffer()
        let count = encoder.beginData(bytes.count, into: &output.storage)
        guard count > 0 else { return }
        output.append(bytes.extracting(0..<count))
        encoder.endData(into: &output.storage)
    }

    func endResponse() {
        keepsAlive = encoder.end(into: &writeBuffer().storage)
        isResponseDone = true
    }

    func abortResponse() {
        encoder.abort()
        exchange?.log(.info, "the response was cut short")
        flush()
        lost()
    }

    func flushResponse() {
        guard !isProcessing, phase != .closed else { return }
        flush()
        guard phase == .exchange, isResponseDone, output == nil else { return }
        pump()
    }

    func resumeRequestBody() {
        if phase == .exchange, !isBodyDone, timerKind == .none { arm(.body) }
        pump()
    }
}
