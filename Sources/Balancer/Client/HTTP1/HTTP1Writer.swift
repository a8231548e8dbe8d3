internal import Bytes
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// The outgoing half of an HTTP/1 connection: frames responses, and sends them as fast as the client takes them.
///
/// It writes to the transport but decides nothing about the connection: what a write came to is for
/// ``HTTP1Connection`` to act on.
struct HTTP1Writer {
    /// What became of ``flush(to:budget:)``.
    enum Outcome {
        /// There was nothing to send, or nothing may be sent now.
        case idle
        /// The client's kernel has everything.
        case flushed
        /// No more is taken now: wait until the descriptor is writable.
        case blocked(hasProgressed: Bool)
        /// `limit_rate`: the client has had its share for now.
        case throttled
        /// Enough for one turn of the loop; there is more.
        case yielded
        /// The connection is broken.
        case failed
        /// A part of the response is lost: the client must not get what follows it.
        case truncated
    }

    /// Bytes of a file that are sent in one turn (nginx: `sendfile_max_chunk`).
    static let maxFileChunk = 2 * 1024 * 1024
    /// Shorter pieces are copied: that costs less than a piece of its own.
    private static let minLentPiece = 2048

    private let buffers: BufferPool
    private var encoder = ResponseEncoder()
    private(set) var output: ByteBuffer?
    /// The part of a file that follows the output.
    private var file: FilePart?
    private(set) var spool: ResponseSpool?
    var isWritable = true
    /// `limit_rate`: nothing is sent until the rate's timer fires.
    var isHeldBack = false
    private(set) var bytesWritten = 0
    private var bytesAtStart = 0
    /// Of the response's heads.
    private(set) var headBytes = 0
    /// Where in the output the head begins that is being written.
    private var headStart = 0

    init(buffers: BufferPool) { self.buffers = buffers }

    /// A request begins: counts start at zero.
    mutating func beginExchange() {
        bytesAtStart = bytesWritten
        headBytes = 0
    }

    var bytesSent: Int { bytesWritten - bytesAtStart }
    /// Everything that was handed over is sent.
    var isFlushed: Bool { output == nil && file == nil && spool == nil }
    var isChunked: Bool { encoder.isChunked }

    /// Bytes that wait; with a spool that has room, none.
    var backlog: Int {
        if let spool { return spool.isFull ? .max : 0 }
        return output?.count ?? 0
    }

    // MARK: The response

    mutating func writeContinue() { ResponseEncoder.writeContinue(into: &buffer().storage) }

    mutating func beginHead(
        _ status: Int, reason: String?, version: HTTPVersion, isHead: Bool, keepsAlive: Bool, contentLength: Int?
    ) {
        let output = buffer()
        headStart = output.count
        encoder.begin(
            status, reason: reason, version: version, isHead: isHead, keepAlive: keepsAlive,
            contentLength: contentLength, into: &output.storage)
    }

    mutating func field(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        guard let output else { return }
        encoder.field(name, value, into: &output.storage)
    }

    /// Fields that are framed already.
    mutating func fields(_ bytes: [UInt8]) { output?.storage.append(copying: bytes.span) }

    mutating func endHead() {
        guard let output else { return }
        encoder.endHead(into: &output.storage)
        headBytes += output.count - headStart
    }

    mutating func body(_ bytes: Span<UInt8>) {
        let output = buffer()
        let count = encoder.beginData(bytes.count, into: &output.storage)
        guard count > 0 else { return }
        output.append(bytes.extracting(0..<count))
        encoder.endData(into: &output.storage)
    }

    mutating func file(_ part: FilePart) {
        guard encoder.beginData(part.count, into: &buffer().storage) > 0 else { return }
        file = part
    }

    /// - Returns: Whether the connection can take the next request.
    mutating func end() -> Bool { encoder.end(into: &buffer().storage) }

    mutating func abort() { encoder.abort() }

    private mutating func buffer() -> ByteBuffer {
        if let output { return output }
        let buffer = buffers.take()
        output = buffer
        return buffer
    }

    mutating func giveBackBuffers() {
        buffers.giveBack(&output)
        file = nil
        spool = nil
    }

    // MARK: Lent bytes

    /// Takes body bytes without copying them, if they are worth it.
    /// - Parameter mayLend: Nothing stands in the way of sending them at once.
    /// - Returns: Whether it took them. If not, they are to be copied.
    mutating func lend(_ bytes: Span<UInt8>, to pieces: LentPieces, mayLend: Bool) -> Bool {
        guard bytes.count >= Self.minLentPiece || !pieces.isEmpty, mayLend else { return false }
        let count = encoder.beginData(bytes.count, into: &buffer().storage)
        if count > 0 { pieces.append(bytes.extracting(0..<count)) }
        return true
    }

    /// Sends the pieces behind the output, and copies what is not taken.
    /// - Returns: Whether the descriptor takes no more. That the connection is broken shows with the next write, when the
    ///   lender's buffer is not in use.
    mutating func send(_ pieces: LentPieces, to transport: any Transport) -> Bool {
        defer { pieces.removeAll() }
        let outputCount = output?.count ?? 0
        var sent = 0
        var isBlocked = false
        switch transport.write(pieces, after: output) {
        case .bytes(let count):
            sent = count
            bytesWritten += count
            isBlocked = count < outputCount + pieces.byteCount
        case .wouldBlock: isBlocked = true
        case .closed, .failed: break
        }
        output?.consume(min(sent, outputCount))
        let copied = max(0, sent - outputCount)
        if copied < pieces.byteCount { pieces.copy(from: copied, to: buffer()) }
        if isBlocked { isWritable = false }
        return isBlocked
    }

    // MARK: The spool

    /// Writes body bytes, framed, into the spool, and opens it first if there is none.
    ///
    /// If the file fails before it holds anything, the bytes go to memory, and the error is thrown for the log. If it
    /// holds something already, the response is broken (``Outcome/truncated``).
    mutating func spool(_ bytes: Span<UInt8>, _ settings: BufferingSettings) throws(SystemError) {
        if spool?.isBroken == true { return }
        let framed = buffers.take()
        defer { buffers.giveBack(framed) }
        let count = encoder.beginData(bytes.count, into: &framed.storage)
        if count > 0 {
            framed.append(bytes.extracting(0..<count))
            encoder.endData(into: &framed.storage)
        }
        try spool(framed, settings)
    }

    /// The end of a response, into the spool.
    mutating func endSpooled(_ settings: BufferingSettings) throws(SystemError) -> Bool {
        if spool?.isBroken == true { return false }
        let framed = buffers.take()
        defer { buffers.giveBack(framed) }
        let keepsAlive = encoder.end(into: &framed.storage)
        try spool(framed, settings)
        return keepsAlive
    }

    private mutating func spool(_ framed: ByteBuffer, _ settings: BufferingSettings) throws(SystemError) {
        do throws(SystemError) {
            if spool == nil { spool = try ResponseSpool(settings) }
            try spool!.append(framed)
        } catch {
            if let spool, !spool.isSent {
                spool.isBroken = true
            } else {
                spool = nil
                framed.withBytes { buffer().append($0) }
            }
            throw error
        }
    }

    // MARK: Sending

    /// - Parameter budget: Bytes that the client may have now (`limit_rate`).
    mutating func flush(to transport: any Transport, budget: Int) -> Outcome {
        if isFlushed || isHeldBack { return .idle }
        if spool?.isBroken == true { return .truncated }
        guard isWritable else { return .idle }
        var budget = budget
        var hasProgressed = false
        if let output {
            while !output.isEmpty {
                guard budget > 0 else { return .throttled }
                let offered = min(output.count, budget)
                switch transport.write(from: output, atMost: offered) {
                case .bytes(let count):
                    bytesWritten += count
                    budget -= count
                    hasProgressed = true
                    if count < offered { return block(hasProgressed) }
                case .wouldBlock: return block(hasProgressed)
                case .closed, .failed: return .failed
                }
            }
            buffers.giveBack(&self.output)
        }
        if file != nil { return sendFile(to: transport, budget: budget) }
        return spool == nil ? .flushed : sendSpool(to: transport, budget: budget)
    }

    private mutating func block(_ hasProgressed: Bool) -> Outcome {
        isWritable = false
        return .blocked(hasProgressed: hasProgressed)
    }

    private mutating func sendFile(to transport: any Transport, budget: Int) -> Outcome {
        guard let part = file else { return .idle }
        if part.count > 0 {
            guard budget > 0 else { return .throttled }
            switch transport.send(part, atMost: min(Self.maxFileChunk, budget)) {
            case .bytes(let count):
                bytesWritten += count
                if part.count > 0 { return .yielded }
            case .wouldBlock: return block(false)
            case .closed, .failed: return .failed
            }
        }
        file = nil
        return .flushed
    }

    private mutating func sendSpool(to transport: any Transport, budget: Int) -> Outcome {
        guard let spool else { return .idle }
        if !spool.isSent {
            guard budget > 0 else { return .throttled }
            switch spool.send(to: transport, atMost: min(Self.maxFileChunk, budget)) {
            case .bytes(let count):
                bytesWritten += count
                if !spool.isSent { return .yielded }
            case .wouldBlock: return block(false)
            case .closed, .failed: return .failed
            }
        }
        self.spool = nil
        return .flushed
    }
}
