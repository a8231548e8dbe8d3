internal import Bytes
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// The writer of an HTTP/1 connection: encodes responses, and sends them as fast as the client takes them.
///
/// It writes to the transport, but decides nothing about the connection: ``HTTP1Connection`` acts on the outcome of a
/// write.
struct HTTP1Writer {
    /// The outcome of ``flush(to:budget:)``.
    enum Outcome {
        /// There was nothing to send, or nothing may be sent now.
        case idle
        /// The kernel has taken everything.
        case flushed
        /// The kernel takes no more bytes now: wait until the descriptor is writable.
        case blocked(hasProgressed: Bool)
        /// `limit_rate` allows no more bytes now.
        case throttled
        /// There is more to send, but other connections of the loop come first.
        case yielded
        /// The connection is broken.
        case failed
        /// A part of the response is lost: the client must not get what follows it.
        case truncated
    }

    /// The maximum number of bytes of a file that are sent in one turn of the loop (nginx: `sendfile_max_chunk`).
    static let maxFileChunk = 2 * 1024 * 1024
    /// The minimum length in bytes of a piece that is sent without being copied. Copying a shorter piece costs less
    /// than sending it separately.
    private static let minLentPiece = 2048

    private let buffers: BufferPool
    private var encoder = ResponseEncoder()
    private(set) var output: ByteBuffer?
    /// The part of a file that is sent after ``output``.
    private var file: FilePart?
    private(set) var spool: ResponseSpool?
    var isWritable = true
    /// If true, `limit_rate` allows no more bytes until the timer fires.
    var isHeldBack = false
    private(set) var bytesWritten = 0
    private var bytesAtStart = 0
    /// The number of bytes in the heads of the exchange's responses.
    private(set) var headBytes = 0
    /// The offset in ``output`` at which the current head begins.
    private var headStart = 0

    init(buffers: BufferPool) { self.buffers = buffers }

    /// Resets the counts, because a request begins.
    mutating func beginExchange() {
        bytesAtStart = bytesWritten
        headBytes = 0
    }

    var bytesSent: Int { bytesWritten - bytesAtStart }
    /// Whether nothing is left to send.
    var isFlushed: Bool { output == nil && file == nil && spool == nil }
    var isChunked: Bool { encoder.isChunked }

    /// The number of bytes in memory that wait to be sent. With a spool it is 0, or `Int.max` if the spool is full.
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

    /// Appends fields that are encoded already.
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

    /// Takes a piece of the body without copying it. Refuses the piece if it is the first one and too short.
    /// - Parameter mayLend: Whether the bytes could be sent at once.
    /// - Returns: Whether the bytes were taken. If not, the caller must copy them.
    mutating func lend(_ bytes: Span<UInt8>, to pieces: LentPieces, mayLend: Bool) -> Bool {
        guard bytes.count >= Self.minLentPiece || !pieces.isEmpty, mayLend else { return false }
        let count = encoder.beginData(bytes.count, into: &buffer().storage)
        if count > 0 { pieces.append(bytes.extracting(0..<count)) }
        return true
    }

    /// Sends ``output`` and then the pieces, and copies the bytes that the kernel does not take.
    /// - Returns: Whether the descriptor takes no more bytes now. A broken connection is not reported here, because the
    ///   buffer that lends the bytes is still in use. The next write reports it.
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

    /// Encodes body bytes and writes them to the spool. Opens the spool first if there is none.
    ///
    /// If a write to the file fails, throws the error for the log. If the file then holds no unsent bytes, `bytes` stay
    /// in memory. If it holds unsent bytes, the response is broken (``Outcome/truncated``).
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

    /// Writes the end of a response to the spool.
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

    /// - Parameter budget: The maximum number of bytes to send now (`limit_rate`).
    mutating func flush(to transport: any Transport, budget: Int) -> Outcome {
        if spool?.isBroken == true { return .truncated }
        guard !isFlushed, !isHeldBack, isWritable else { return .idle }
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
        if file != nil { return sendFile(to: transport, budget: budget, hasProgressed) }
        return spool == nil ? .flushed : sendSpool(to: transport, budget: budget, hasProgressed)
    }

    private mutating func block(_ hasProgressed: Bool) -> Outcome {
        isWritable = false
        return .blocked(hasProgressed: hasProgressed)
    }

    private mutating func sendFile(
        to transport: any Transport, budget: Int, _ hasProgressed: Bool
    ) -> Outcome {
        guard let part = file else { return .idle }
        if part.count > 0 {
            guard budget > 0 else { return .throttled }
            switch transport.send(part, atMost: min(Self.maxFileChunk, budget)) {
            case .bytes(let count):
                bytesWritten += count
                if part.count > 0 { return .yielded }
            case .wouldBlock: return block(hasProgressed)
            case .closed, .failed: return .failed
            }
        }
        file = nil
        return .flushed
    }

    private mutating func sendSpool(
        to transport: any Transport, budget: Int, _ hasProgressed: Bool
    ) -> Outcome {
        guard let spool else { return .idle }
        if !spool.isSent {
            guard budget > 0 else { return .throttled }
            switch spool.send(to: transport, atMost: min(Self.maxFileChunk, budget)) {
            case .bytes(let count):
                bytesWritten += count
                if !spool.isSent { return .yielded }
            case .wouldBlock: return block(hasProgressed)
            case .closed, .failed: return .failed
            }
        }
        self.spool = nil
        return .flushed
    }
}
