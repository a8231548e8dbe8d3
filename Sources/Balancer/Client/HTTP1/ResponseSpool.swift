internal import NginxConfig
internal import Reactor

/// What of a response a slow client has not taken yet and memory has no room for, framed for the connection: in a file.
final class ResponseSpool {
    let file: TemporaryFile
    /// The most bytes; then the node has to wait.
    let limit: Int
    private(set) var written = 0
    private(set) var sent = 0
    /// A part of the response could not be written: the client is not to get what follows it.
    var isBroken = false

    init(_ settings: BufferingSettings) throws(SystemError) {
        file = try TemporaryFile(in: settings.responseFolder ?? TemporaryFile.standardFolder)
        limit = settings.maxTempFileSize
    }

    var isFull: Bool { written >= limit }
    var isSent: Bool { sent == written }

    func append(_ buffer: ByteBuffer) throws(SystemError) {
        let end = written
        try buffer.withSpan { bytes throws(SystemError) in try file.write(bytes, at: end) }
        written += buffer.count
    }

    func send(to transport: Transport, atMost limit: Int) -> IOOutcome {
        let part = FilePart(file, offset: sent, count: written - sent)
        let outcome = transport.send(part, atMost: limit)
        if case .bytes(let count) = outcome { sent += count }
        return outcome
    }
}

/// `fastcgi_buffering`: a node is done when it has sent its response, and not when the client has taken it.
extension ClientConnection {
    /// The response goes to the file now, since what is in memory is enough for the client to go on with.
    var spoolsResponse: Bool {
        if spool != nil { return true }
        guard let output, output.count > UpstreamConnection.congestion, let exchange else { return false }
        let buffering = location.settings.fastCGI.buffering
        return buffering.buffersResponses && buffering.maxTempFileSize > 0 && exchange.mayBuffer
    }

    /// Lets `body` write into the file.
    ///
    /// Where that fails, the connection stays open until the next ``flush()``: the node's bytes are in use.
    func writeToSpool(_ body: (ByteBuffer) -> Void) {
        if spool?.isBroken == true { return }
        let buffer = loop.events.buffers.take()
        defer { loop.events.buffers.giveBack(buffer) }
        body(buffer)
        do throws(SystemError) {
            if spool == nil { spool = try ResponseSpool(location.settings.fastCGI.buffering) }
            try spool!.append(buffer)
        } catch {
            exchange?.log(.crit, "\(error) while buffering a response")
            // Whatever is in the file has to come first: then this response cannot be mended.
            if let spool, !spool.isSent {
                self.spool!.isBroken = true
                return
            }
            spool = nil
            exchange?.mayBuffer = false
            buffer.withBytes { writeBuffer().append($0) }
        }
    }

    func sendSpool() {
        while isWritable, !isHeldBack, let spool, !spool.isSent {
            let allowance = rateAllowance
            guard allowance > 0 else { return holdBack() }
            switch self.spool!.send(to: transport, atMost: min(Self.longestFilePart, allowance)) {
            case .bytes(let count):
                bytesWritten += count
                guard !self.spool!.isSent else { break }
                arm(.send)
                loop.events.later { [self] in
                    flushResponse()
                    if responseBacklog == 0 { exchange?.clientDrained() }
                }
                return
            case .wouldBlock:
                awaitWritable()
                if timerKind != .send { arm(.send) }
            case .closed, .failed:
                return lost()
            }
        }
        guard spool?.isSent == true else { return }
        spool = nil
        awaitBodyAgain()
    }
}
