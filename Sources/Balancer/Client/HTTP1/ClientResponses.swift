internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// The connection's writing half: the responses, in order.
extension ClientConnection: ResponseSink {
    var responseBacklog: Int {
        if let spool { return spool.isFull ? .max : 0 }
        // What comes next has room in a file.
        return spoolsResponse ? 0 : output?.count ?? 0
    }
    var responseBytesSent: Int { bytesWritten - bytesAtStart }
    var responseHeadBytes: Int { headBytes }

    func beginResponse(_ status: Int, reason: String?, contentLength: Int?, mayKeepAlive: Bool) {
        guard let exchange else { return }
        let isRefusedEarly = exchange.parser.head.expectsContinue && !isBodyDone && exchange.bodyCount == 0
        let location: RunningLocation = exchange.location
        let mayKeepAlive =
            mayKeepAlive && !loop.isDraining && !isRefusedEarly
            && info.requests < location.settings.client.keepaliveRequests
            && location.settings.client.keepaliveTimeout > .zero
            && loop.events.now - info.openedAt <= location.settings.client.keepaliveTime
        let output = writeBuffer()
        headStart = output.count
        encoder.begin(
            status, reason: reason, version: exchange.parser.head.version, isHead: exchange.parser.head.method.isHead,
            keepAlive: mayKeepAlive && exchange.parser.head.keepsAlive, contentLength: contentLength,
            into: &output.storage)
    }

    func responseField(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        guard let output else { return }
        encoder.field(name, value, into: &output.storage)
    }

    func endResponseHead() {
        guard let output else { return }
        encoder.endHead(into: &output.storage)
        headBytes += output.count - headStart
    }

    func responseBody(_ bytes: Span<UInt8>) {
        if spoolsResponse {
            return writeToSpool { buffer in
                let count = encoder.beginData(bytes.count, into: &buffer.storage)
                guard count > 0 else { return }
                buffer.append(bytes.extracting(0..<count))
                encoder.endData(into: &buffer.storage)
            }
        }
        let output = writeBuffer()
        let count = encoder.beginData(bytes.count, into: &output.storage)
        guard count > 0 else { return }
        output.append(bytes.extracting(0..<count))
        encoder.endData(into: &output.storage)
    }

    /// Shorter ones are copied: that costs less than a piece of its own.
    private static let shortestPiece = 2048

    func responseBody(lent bytes: Span<UInt8>) {
        let pieces = loop.lentPieces
        guard bytes.count >= Self.shortestPiece || !pieces.isEmpty, mayLend else {
            // In their order.
            takeLentBody()
            return responseBody(bytes)
        }
        let count = encoder.beginData(bytes.count, into: &writeBuffer().storage)
        guard count > 0 else { return }
        pieces.append(bytes.extracting(0..<count))
        if pieces.isFull { takeLentBody() }
    }

    private var mayLend: Bool {
        isWritable && !isHeldBack && !isProcessing && !encoder.isChunked && !spoolsResponse && phase == .exchange
            && exchange?.limitRate == 0
    }

    func takeLentBody() {
        let pieces = loop.lentPieces
        guard !pieces.isEmpty else { return }
        defer { pieces.removeAll() }
        let headCount = output?.count ?? 0
        var sent = 0
        switch transport.write(pieces, after: output) {
        case .bytes(let count):
            sent = count
            bytesWritten += count
            if count < headCount + pieces.byteCount { awaitWritable() }
        case .wouldBlock: awaitWritable()
        // It will show with the next write, when the node's buffer is not in use.
        case .closed, .failed: break
        }
        output?.consume(min(sent, headCount))
        let copied = max(0, sent - headCount)
        if copied < pieces.byteCount { pieces.copy(from: copied, to: writeBuffer()) }
        if !isWritable { arm(.send) }
    }

    func responseFile(_ part: FilePart) {
        guard encoder.beginData(part.count, into: &writeBuffer().storage) > 0 else { return }
        filePart = part
    }

    func endResponse() {
        if spool != nil {
            writeToSpool { keepsAlive = encoder.end(into: &$0.storage) }
        } else {
            keepsAlive = encoder.end(into: &writeBuffer().storage)
        }
        isResponseDone = true
    }

    func abortResponse() {
        encoder.abort()
        exchange?.log(.info, "the response was cut short")
        flush()
        lost()
    }

    func dropConnection(resets: Bool) {
        resetsAtClose = resets
        abortResponse()
    }

    func flushResponse() {
        guard !isProcessing, phase != .closed else { return }
        flush()
        guard phase == .exchange, isResponseDone, isFlushed else { return }
        pump()
    }

    func resumeRequestBody() {
        if phase == .exchange, !isBodyDone, timerKind == .none { arm(.body) }
        pump()
    }

    func writeBuffer() -> ByteBuffer {
        if let output { return output }
        let buffer = loop.events.buffers.take()
        output = buffer
        return buffer
    }

    /// The client has what there is.
    var isFlushed: Bool { output == nil && filePart == nil && spool == nil }

    func flush() {
        if spool?.isBroken == true {
            exchange?.log(.info, "the response was cut short")
            return lost()
        }
        if isHeldBack { return }
        if output != nil { flushOutput() }
        guard output == nil, phase != .closed else { return }
        if filePart != nil { sendFile() } else if spool != nil { sendSpool() }
    }

    /// At most so much of a file in one turn (nginx: `sendfile_max_chunk`).
    static let longestFilePart = 2 * 1024 * 1024

    private func sendFile() {
        guard isWritable, let part = filePart else { return }
        guard part.count > 0 else { return fileSent() }
        let allowance = rateAllowance
        guard allowance > 0 else { return holdBack() }
        switch transport.send(part, atMost: min(Self.longestFilePart, allowance)) {
        case .bytes(let count):
            bytesWritten += count
            if part.count == 0 { return fileSent() }
            arm(.send)
            loop.events.later { [self] in flushResponse() }
        case .wouldBlock:
            awaitWritable()
            if timerKind != .send { arm(.send) }
        case .closed, .failed:
            lost()
        }
    }

    private func fileSent() {
        filePart = nil
        awaitBodyAgain()
    }

    /// What there was to write is written: from now on it is the body that the client may take its time for.
    func awaitBodyAgain() {
        guard timerKind == .send || timerKind == .none else { return }
        if !isBodyDone, exchange?.isBodyCongested == false {
            arm(.body)
        } else if timerKind == .send {
            arm(.none)
        }
    }

    private func flushOutput() {
        guard let output else { return }
        while isWritable, !output.isEmpty {
            let offered = min(output.count, rateAllowance)
            guard offered > 0 else { return holdBack() }
            switch transport.write(from: output, atMost: offered) {
            case .bytes(let count):
                bytesWritten += count
                if count < offered { awaitWritable() }
                if !output.isEmpty { arm(.send) }
            case .wouldBlock:
                awaitWritable()
                if timerKind != .send { arm(.send) }
            case .closed, .failed:
                return lost()
            }
        }
        guard output.isEmpty else { return }
        loop.events.buffers.giveBack(&self.output)
        awaitBodyAgain()
    }
}
