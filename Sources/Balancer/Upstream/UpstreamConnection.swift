internal import Balancing
internal import FastCGIWire
internal import NginxConfig
internal import Reactor

/// A FastCGI connection to a peer. It carries one exchange at a time and may be kept idle in between.
final class UpstreamConnection: EventHandler, TimerHandler {
    /// Response bytes waiting for the client beyond which no more is read from the peer.
    static let congestion = 128 * 1024
    private static let readSize = BufferPool.bufferSize
    /// Of a response that fills whole reads.
    private static let longReadSize = BufferPool.bufferSize * 2
    /// Content of one STDIN record: a multiple of 8, as the specification recommends.
    private static let recordSize = 65_528

    let upstream: LoopUpstream
    let peer: Peer
    /// Where it is while it is idle.
    var pool: LoopUpstream.PeerPool
    private let loop: BalancerLoop
    private let transport: Transport
    private var registration: EventLoop.Registration!
    private var timer: EventLoop.Timer!
    private(set) var wire = FastCGIClientMachine()
    private var input: ByteBuffer?
    private var output: ByteBuffer?
    /// Until it has its response; nil: the connection is idle.
    private(set) var exchange: Exchange?
    private var isConnecting: Bool
    private var isReadable = false
    /// The peer has ended the connection; what it sent before may still be unread. Edge-triggered, the loop told it once.
    private var isPeerGone = false
    private var isWritable: Bool
    /// The last read was a full one.
    private var isReadingMuch = false
    private var isPaused = false
    private var isClosed = false
    private(set) var hasTimedOut = false
    let openedAt: MonotonicTime
    /// Begun so far.
    private(set) var requests = 0

    init(
        upstream: LoopUpstream, peer: Peer, pool: LoopUpstream.PeerPool, address: SocketAddress
    ) throws(SystemError) {
        self.upstream = upstream
        self.peer = peer
        self.pool = pool
        loop = upstream.loop
        openedAt = loop.events.now
        let (socket, state) = try Socket.connect(to: address)
        // A node may take a minute to answer; whether its host is there at all is known sooner.
        if case .unix = address {} else { socket.detectDeadHost() }
        transport = .plain(socket)
        isConnecting = state == .inProgress
        isWritable = state == .connected
        do throws(SystemError) {
            registration = try loop.events.add(socket.descriptor, self, awaitsWritable: isConnecting)
        } catch {
            socket.close()
            throw error
        }
        timer = loop.events.makeTimer(self)
    }

    // MARK: The exchange's side

    var isConnected: Bool { !isConnecting }
    /// Request bytes that the peer has not taken yet.
    var backlog: Int { output?.count ?? 0 }

    /// Starts a request: `params` writes its params.
    /// - Parameter body: what of it is here
    func begin(
        _ exchange: Exchange, at location: RunningLocation, keepsConnection: Bool, isHead: Bool, body: [UInt8],
        params: (RequestEncoder, inout [UInt8]) -> Void
    ) {
        self.exchange = exchange
        requests += 1
        isPaused = false
        let output = writeBuffer()
        wire.limits.head = location.settings.fastCGI.bufferSize
        wire.begin(keepsConnection: keepsConnection, isHead: isHead, into: &output.storage)
        params(wire.encoder, &output.storage)
        wire.encoder.endParams(into: &output.storage)
        append(body.span, to: output)
    }

    func body(_ bytes: Span<UInt8>) { append(bytes, to: writeBuffer()) }

    private func append(_ bytes: Span<UInt8>, to output: ByteBuffer) {
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Self.recordSize)
            wire.encoder.bodyRecord(count: end - start, into: &output.storage)
            output.append(bytes.extracting(start..<end))
            start = end
        }
    }

    func endBody() { wire.encoder.endBody(into: &writeBuffer().storage) }

    private func writeBuffer() -> ByteBuffer {
        if let output { return output }
        let buffer = loop.events.buffers.take()
        output = buffer
        return buffer
    }

    /// Sends what there is to send, as far as the peer takes it.
    func flush() {
        guard let exchange, !isClosed else { return }
        if isConnecting {
            loop.events.set(timer, after: exchange.location.settings.fastCGI.connectTimeout)
            return
        }
        while isWritable, output?.isEmpty == false, let output {
            let offered = output.count
            switch transport.write(from: output) {
            case .bytes(let count):
                exchange.upstreamTook(count)
                if count < offered { awaitWritable() }
            case .wouldBlock: awaitWritable()
            case .closed, .failed:
                // The peer may have answered before it closed, without reading everything.
                isWritable = false
                output.removeAll()
                isReadable = true
                return readResponse(orFailWith: .connectionLost)
            }
        }
        // The exchange may have given it up meanwhile.
        guard !isClosed else { return }
        if output?.isEmpty == true { loop.events.buffers.giveBack(&output) }
        setTimer(exchange)
    }

    private func awaitWritable() {
        isWritable = false
        loop.events.awaitWritable(registration, transport.descriptor)
    }

    private func setTimer(_ exchange: Exchange) {
        let location: RunningLocation = exchange.location
        if output != nil {
            loop.events.set(timer, after: location.settings.fastCGI.sendTimeout)
        } else if isPaused || !exchange.isBodyComplete || exchange.requestSpool?.isSent == false {
            // The peer waits for the client; the client's own time-outs hold.
            loop.events.clear(timer)
        } else {
            loop.events.set(timer, after: location.settings.fastCGI.readTimeout)
        }
    }

    /// The client has caught up.
    func resume() {
        guard isPaused else { return }
        isPaused = false
        readResponse()
    }

    // MARK: The loop's side

    func handle(_ readiness: Readiness) {
        guard !isClosed else { return }
        if isConnecting {
            guard readiness.hasConnected else { return }
            guard case .plain(let socket) = transport else { return }
            let code = socket.pendingError
            guard code == 0 else {
                exchange?.upstreamFailed(self, .connectFailed, code: code)
                return
            }
            isConnecting = false
            isWritable = true
            exchange?.upstreamConnected()
            flush()
            guard !isClosed else { return }
        }
        if readiness.contains(.writable), !isWritable {
            isWritable = true
            if exchange != nil { flush() }
            guard !isClosed else { return }
        }
        if readiness.hasInput {
            isReadable = true
            if readiness.hasEnded { isPeerGone = true }
            if exchange == nil { checkIdle() } else { readResponse() }
        }
    }

    func timerFired(_ timer: EventLoop.Timer) {
        guard let exchange, !isClosed else {
            closeIdle()
            return
        }
        hasTimedOut = true
        exchange.upstreamFailed(self, isConnecting ? .connectTimedOut : .timedOut)
    }

    private func readResponse(orFailWith failure: ExchangeMachine.Failure? = nil) {
        var rounds = 0
        while isReadable, !isPaused, !isClosed, let exchange {
            rounds += 1
            if rounds > 8 {
                loop.events.later { [weak self] in self?.readResponse() }
                break
            }
            let buffer = input ?? loop.events.buffers.take()
            input = buffer
            let wanted = isReadingMuch ? Self.longReadSize : Self.readSize
            switch transport.read(into: buffer, atMost: wanted) {
            case .bytes(let count):
                if count < wanted, !isPeerGone { isReadable = false }
                isReadingMuch = count >= Self.readSize
                exchange.upstreamBytesReceived += count
                take(buffer, exchange)
            case .wouldBlock:
                isReadable = false
                if let failure { exchange.upstreamFailed(self, failure) }
            case .closed, .failed:
                exchange.upstreamFailed(self, .connectionLost)
            }
            // The exchange may have let go of this connection, which may be in other hands already.
            guard self.exchange === exchange, !isClosed else {
                exchange.flushClient()
                return
            }
            if input?.isEmpty == true { loop.events.buffers.giveBack(&input) }
            exchange.flushClient()
            if exchange.clientBacklog > Self.congestion { isPaused = true }
        }
        if let exchange, !isClosed { setTimer(exchange) }
    }

    private enum Ending {
        case none
        case complete(isReusable: Bool)
        case rejected(EndRequest.ProtocolStatus)
        case passedOver(Int)
        case intercepted(Int)
        case redirected([UInt8])
        case caught
        case invalid(FastCGIError)
    }

    /// Hands what was read to the exchange.
    private func take(_ buffer: ByteBuffer, _ exchange: Exchange) {
        var position = 0
        var ending = Ending.none
        buffer.withSpan { bytes in
            reading: while true {
                do throws(FastCGIError) {
                    switch try wire.next(bytes, from: &position) {
                    case .head:
                        let head = wire.parser.head
                        if exchange.isPassedOver(head.status) {
                            ending = .passedOver(head.status)
                            break reading
                        }
                        if exchange.isIntercepted(head.status) {
                            ending = .intercepted(head.status)
                            break reading
                        }
                        if head.hasAccel, let target = exchange.accelTarget(head) {
                            ending = .redirected(target)
                            break reading
                        }
                        exchange.responseHead(head)
                    case .body(let range): exchange.responseBody(bytes.extracting(range))
                    case .diagnostics(let range):
                        exchange.diagnostics(bytes.extracting(range))
                        if exchange.isCaught(bytes.extracting(range)) {
                            ending = .caught
                            break reading
                        }
                    case .end(let isReusable):
                        ending = .complete(isReusable: isReusable && position == bytes.count)
                        if position != bytes.count { LoopCounters.add(loop.counters.upstreamViolations) }
                        break reading
                    case .rejected(let status):
                        ending = .rejected(status)
                        break reading
                    case .needsMore:
                        break reading
                    }
                } catch {
                    ending = .invalid(error)
                    break reading
                }
            }
            exchange.takeLentBody()
        }
        buffer.consume(position)
        switch ending {
        case .none: break
        case .complete(let isReusable):
            // Unsent request bytes would be taken for the next request's records.
            let isClean = isReusable && output == nil
            if !isClean, !wire.encoder.isIdle || output != nil {
                LoopCounters.add(loop.counters.upstreamViolations)
            }
            exchange.responseEnded(self, isReusable: isClean)
        case .rejected(let status):
            exchange.upstreamFailed(self, status == .overloaded ? .overloaded : .invalidResponse)
        case .passedOver(let status):
            exchange.upstreamPassedOver(self, status)
        case .intercepted(let status):
            exchange.upstreamIntercepted(self, status)
        case .redirected(let target):
            exchange.upstreamRedirected(self, to: target, wire.head)
        case .caught:
            exchange.upstreamFailed(self, .invalidResponse)
        case .invalid(let error):
            exchange.upstreamInvalid(self, error)
        }
    }

    // MARK: Between exchanges

    /// The exchange is over and the connection may stay: for the next one.
    func becomeIdle(for time: Duration) {
        exchange = nil
        returnBuffers()
        loop.events.set(timer, after: time)
        upstream.keep(self)
        // What came with the last read: a peer that closed at once after its answer.
        if isReadable { checkIdle() }
    }

    /// Nothing may arrive on an idle connection but its end.
    private func checkIdle() {
        let buffer = loop.events.buffers.take()
        defer { loop.events.buffers.giveBack(buffer) }
        switch transport.read(into: buffer, atMost: 1) {
        case .wouldBlock: isReadable = false
        case .bytes:
            LoopCounters.add(loop.counters.upstreamViolations)
            closeIdle()
        case .closed, .failed: closeIdle()
        }
    }

    func closeIdle() {
        upstream.lost(self)
        close()
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        exchange = nil
        returnBuffers()
        loop.events.remove(registration)
        loop.events.remove(timer)
        transport.close()
    }

    private func returnBuffers() {
        loop.events.buffers.giveBack(&input)
        loop.events.buffers.giveBack(&output)
    }
}
