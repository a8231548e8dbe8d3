internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// The connection's writing half: the responses, in order.
extension ClientConnection: ResponseSink {
    var responseBacklog: Int { output?.count ?? 0 }
    var responseBytesSent: Int { bytesWritten - bytesAtStart }
    var responseHeadBytes: Int { headBytes }

    func beginResponse(_ status: Int, reason: String?, contentLength: Int?, mayKeepAlive: Bool) {
        guard let exchange else { return }
        let isRefusedEarly = exchange.parser.head.expectsContinue && !isBodyDone && exchange.bodyCount == 0
        let location = location
        let mayKeepAlive =
            mayKeepAlive && !worker.isDraining && !isRefusedEarly
            && info.requests < location.settings.keepaliveRequests && location.settings.keepaliveTimeout > .zero
            && worker.loop.now - acceptedAt <= location.settings.keepaliveTime
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

    func writeBuffer() -> ByteBuffer {
        if let output { return output }
        let buffer = worker.loop.buffers.take()
        output = buffer
        return buffer
    }

    func flush() {
        guard let output else { return }
        while isWritable, !output.isEmpty {
            let offered = output.count
            switch transport.write(from: output) {
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
        worker.loop.buffers.giveBack(output)
        self.output = nil
        if timerKind == .send { arm(isBodyDone ? .none : .body) }
    }
}
