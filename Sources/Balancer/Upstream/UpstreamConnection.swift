internal import Balancing
internal import NginxConfig
internal import Reactor

/// A connection to a peer. It carries one request at a time, and may be kept idle between two requests.
///
/// It moves bytes between its transport, its protocol and the ``UpstreamRequest`` of its current exchange.
final class UpstreamConnection: EventHandler, TimerHandler {
    private static let readSize = BufferPool.bufferSize
    /// The size of the next read if a read has filled its buffer. The response is then probably long.
    private static let longReadSize = BufferPool.bufferSize * 2
    /// The maximum number of reads in one turn of the loop.
    private static let maxReads = 8

    /// The state of the socket and of the flow of bytes.
    private struct Flow {
        var isConnecting = false
        var isReadable = false
        var isWritable = true
        /// The peer has ended the connection. Bytes that it sent before may still be unread. Events are edge-triggered,
        /// so the loop reports this only once.
        var isPeerClosed = false
        /// The last read filled the buffer.
        var readsMuch = false
        /// Reading is paused until the client has taken the bytes that wait.
        var isPaused = false
        var isClosed = false
    }

    let upstream: LoopUpstream
    let peer: Peer
    /// The pool that holds the connection while it is idle.
    var pool: LoopUpstream.PeerPool
    let openedAt: MonotonicTime
    /// The number of requests that were begun on the connection.
    private(set) var requests = 0
    private let loop: BalancerLoop
    private let transport: any Transport
    private let wire: any UpstreamProtocol
    private var registration: EventLoop.Registration!
    private var timer: EventLoop.Timer!
    private var input: ByteBuffer?
    private var output: ByteBuffer?
    private var flow = Flow()
    /// The exchange whose request is in progress; nil if the connection is idle.
    private var exchange: Exchange?

    init(
        upstream: LoopUpstream, peer: Peer, pool: LoopUpstream.PeerPool, address: SocketAddress
    ) throws(SystemError) {
        self.upstream = upstream
        self.peer = peer
        self.pool = pool
        loop = upstream.loop
        openedAt = loop.events.now
        let connected = try loop.connector.connect(address)
        transport = connected.transport
        wire = loop.connector.makeProtocol()
        flow.isConnecting = !connected.isConnected
        flow.isWritable = connected.isConnected
        do throws(SystemError) {
            registration = try loop.events.add(transport.descriptor, self, awaitsWritable: flow.isConnecting)
        } catch {
            transport.close()
            throw error
        }
        timer = loop.events.makeTimer(self)
    }

    // MARK: The request's side

    var isConnected: Bool { !flow.isConnecting }
    /// Request bytes that the peer has not taken yet.
    var backlog: Int { output?.count ?? 0 }

    /// Starts a request: writes its head, and the held part of its body.
    /// - Parameter time: When the head was first encoded.
    func begin(_ exchange: Exchange, headTime time: WallTime) {
        self.exchange = exchange
        requests += 1
        flow.isPaused = false
        let output = writeBuffer()
        wire.begin(exchange, time: time, into: output)
        let held = exchange.body.held
        if !held.isEmpty { wire.body(held.span, into: output) }
    }

    func body(_ bytes: Span<UInt8>) { wire.body(bytes, into: writeBuffer()) }

    func endBody() { wire.endBody(into: writeBuffer()) }

    private func writeBuffer() -> ByteBuffer {
        if let output { return output }
        let buffer = loop.events.buffers.take()
        output = buffer
        return buffer
    }

    /// Sends as many bytes as the peer takes now.
    func flush() {
        guard let exchange, !flow.isClosed else { return }
        if flow.isConnecting {
            loop.events.set(timer, after: exchange.location.settings.upstream.connectTimeout)
            return
        }
        while flow.isWritable, let output, !output.isEmpty {
            let offered = output.count
            switch transport.write(from: output) {
            case .bytes(let count):
                exchange.upstream.sent(count)
                if count < offered { awaitWritable() }
            case .wouldBlock: awaitWritable()
            case .closed, .failed:
                // The peer may have sent a response, and then closed the connection before it read the whole request.
                flow.isWritable = false
                output.removeAll()
                flow.isReadable = true
                return readResponse(orFailWith: .connectionLost)
            }
        }
        // `exchange.upstream.sent` may have ended the request and closed this connection.
        guard !flow.isClosed else { return }
        if output?.isEmpty == true { loop.events.buffers.giveBack(&output) }
        setTimer(exchange)
    }

    private func awaitWritable() {
        flow.isWritable = false
        loop.events.awaitWritable(registration, transport.descriptor)
    }

    private func setTimer(_ exchange: Exchange) {
        let location: RunningLocation = exchange.location
        if output != nil {
            loop.events.set(timer, after: location.settings.upstream.sendTimeout)
        } else if flow.isPaused || !exchange.body.isComplete || exchange.body.spool?.isSent == false {
            // The peer waits for the client, so only the client's timeouts apply.
            loop.events.clear(timer)
        } else {
            loop.events.set(timer, after: location.settings.upstream.readTimeout)
        }
    }

    /// Continues to read the response, because the client has taken the bytes that waited.
    func resume() {
        guard flow.isPaused else { return }
        flow.isPaused = false
        readResponse()
    }

    // MARK: The loop's side

    func handle(_ readiness: Readiness) {
        guard !flow.isClosed else { return }
        if flow.isConnecting {
            guard readiness.hasConnected else { return }
            let code = transport.pendingError
            guard code == 0 else {
                exchange?.upstream.failed(self, .connectFailed, code: code)
                return
            }
            flow.isConnecting = false
            flow.isWritable = true
            exchange?.upstream.connected()
            flush()
            guard !flow.isClosed else { return }
        }
        if readiness.contains(.writable), !flow.isWritable {
            flow.isWritable = true
            if exchange != nil { flush() }
            guard !flow.isClosed else { return }
        }
        if readiness.hasInput {
            flow.isReadable = true
            if readiness.hasEnded { flow.isPeerClosed = true }
            if exchange == nil { checkIdle() } else { readResponse() }
        }
    }

    func timerFired(_ timer: EventLoop.Timer) {
        guard let exchange, !flow.isClosed else { return closeIdle() }
        exchange.upstream.failed(self, flow.isConnecting ? .connectTimedOut : .timedOut)
    }

    private func readResponse(orFailWith failure: UpstreamMachine.Failure? = nil) {
        var reads = 0
        while flow.isReadable, !flow.isPaused, !flow.isClosed, let exchange {
            reads += 1
            if reads > Self.maxReads {
                loop.events.later { [weak self] in self?.readResponse() }
                break
            }
            let buffer = input ?? loop.events.buffers.take()
            input = buffer
            let wanted = flow.readsMuch ? Self.longReadSize : Self.readSize
            switch transport.read(into: buffer, atMost: wanted) {
            case .bytes(let count):
                if count < wanted, !flow.isPeerClosed { flow.isReadable = false }
                flow.readsMuch = count >= Self.readSize
                exchange.upstream.received(count)
                take(buffer, exchange)
            case .wouldBlock:
                flow.isReadable = false
                if let failure { exchange.upstream.failed(self, failure) }
            case .closed where wire.inputEnded(): exchange.upstream.ended(self, isReusable: false)
            case .closed, .failed: exchange.upstream.failed(self, .connectionLost)
            }
            // The request may have given up this connection, and another request may already use it.
            guard self.exchange === exchange, !flow.isClosed else {
                exchange.flushClient()
                return
            }
            if input?.isEmpty == true { loop.events.buffers.giveBack(&input) }
            exchange.flushClient()
            if exchange.clientBacklog > Exchange.highWaterMark { flow.isPaused = true }
        }
        if let exchange, !flow.isClosed { setTimer(exchange) }
    }

    /// Why ``deliver(_:from:to:)`` has stopped.
    private enum Ending {
        case none
        case complete(isReusable: Bool)
        case refused(isOverloaded: Bool)
        case dropped(UpstreamResponseHead, UpstreamRequest.HeadDecision)
        /// The peer's diagnostics contain a text of `fastcgi_catch_stderr`, so the response is invalid.
        case refuted
        case invalid(UpstreamProtocolError)
    }

    /// Decodes the received bytes, and passes them to the request.
    private func take(_ buffer: ByteBuffer, _ exchange: Exchange) {
        let request = exchange.upstream!
        var position = 0
        var ending = Ending.none
        buffer.withSpan { bytes in
            ending = deliver(bytes, from: &position, to: request)
            exchange.client?.takeLentBody()
        }
        buffer.consume(position)
        switch ending {
        case .none: break
        case .complete(let isReusable):
            // Do not reuse the connection if bytes of this request are unsent: the peer would read them as the start of
            // the next request.
            let isClean = isReusable && output == nil
            if !isClean, !wire.isRequestWritten || output != nil {
                LoopCounters.add(loop.counters.upstreamViolations)
            }
            request.ended(self, isReusable: isClean)
        case .refused(let isOverloaded): request.failed(self, isOverloaded ? .overloaded : .invalidResponse)
        case .dropped(let head, let decision): request.drop(self, head, decision)
        case .refuted: request.failed(self, .invalidResponse)
        case .invalid(let error): request.failed(self, error)
        }
    }

    private func deliver(_ bytes: Span<UInt8>, from position: inout Int, to request: UpstreamRequest) -> Ending {
        do throws(UpstreamProtocolError) {
            while true {
                switch try wire.next(bytes, from: &position) {
                case .head(let head):
                    let decision = request.decide(head)
                    guard case .deliver = decision else { return .dropped(head, decision) }
                    request.deliver(head)
                case .body(let range): request.deliver(body: bytes.extracting(range))
                case .diagnostics(let range):
                    if request.takeDiagnostics(bytes.extracting(range)) { return .refuted }
                case .end(let isReusable):
                    if position != bytes.count { LoopCounters.add(loop.counters.upstreamViolations) }
                    return .complete(isReusable: isReusable && position == bytes.count)
                case .refused(let isOverloaded): return .refused(isOverloaded: isOverloaded)
                case .needsMore: return .none
                }
            }
        } catch {
            return .invalid(error)
        }
    }

    // MARK: Between requests

    /// Keeps the connection for the next request, because the response is complete.
    func becomeIdle(for time: Duration) {
        exchange = nil
        returnBuffers()
        loop.events.set(timer, after: time)
        upstream.keep(self)
        // The peer may have closed the connection directly after its response.
        if flow.isReadable { checkIdle() }
    }

    /// Closes an idle connection if the peer has closed it or has sent bytes. A peer must not send bytes without a
    /// request.
    private func checkIdle() {
        let buffer = loop.events.buffers.take()
        defer { loop.events.buffers.giveBack(buffer) }
        switch transport.read(into: buffer, atMost: 1) {
        case .wouldBlock: flow.isReadable = false
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
        guard !flow.isClosed else { return }
        flow.isClosed = true
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
