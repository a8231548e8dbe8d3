internal import Bytes
internal import NginxConfig
internal import Reactor

/// The way of the request's body: from the client's stream to memory, to a file or to the peer's connection.
extension Exchange {
    /// The maximum size of the body in bytes (`client_max_body_size`).
    var maxBodySize: Int {
        let limit = location.settings.client.maxBodySize
        return limit > 0 ? Int(clamping: limit) : .max
    }

    /// Decides whether the client may send more of the body. If not, the exchange calls
    /// ``ClientStream/resumeRequestBody()`` as soon as the client may send more.
    func demandBody() -> Bool {
        if body.isUnwanted { return true }
        let isCongested = isBodyCongested
        if isCongested { body.isPaused = true }
        return !isCongested
    }

    private var isBodyCongested: Bool {
        if let connection = upstream.connection {
            return !connection.isConnected || connection.backlog > Exchange.highWaterMark
        }
        return body.isFull(location.settings.client.bodyBufferSize)
    }

    /// Takes bytes of the body. Call ``beginContent()`` afterwards, but not while the buffer still lends the bytes:
    /// ``beginContent()`` may end the request.
    func receiveBody(_ bytes: Span<UInt8>) {
        let settings = location.settings
        let destination = body.receive(
            bytes.count, hasUpstream: upstream.connection != nil, passesBody: settings.upstream.passesRequestBody,
            limit: settings.client.bodyBufferSize)
        switch destination {
        case .nowhere: break
        case .upstream:
            upstream.bodySpent()
            upstream.connection?.body(bytes)
        case .file: spool(bytes)
        case .memory: body.held.append(copying: bytes)
        }
    }

    func endBody() {
        body.ended()
        guard !body.isUnwanted else { return }
        if let connection = upstream.connection {
            if location.settings.upstream.passesRequestBody { connection.endBody() }
            connection.flush()
        } else {
            beginContent()
        }
    }

    /// Sends the body bytes that were received since the last call.
    func flushBody() { upstream.connection?.flush() }

    /// Writes bytes to a file, because memory has no room for them (`fastcgi_request_buffering on`).
    private func spool(_ bytes: Span<UInt8>) {
        do throws(SystemError) {
            if body.spool == nil {
                body.spool = try RequestSpool(in: location.settings.upstream.buffering.requestFolder)
            }
            try body.spool!.append(bytes)
        } catch {
            log(.crit, "\(error) while buffering a request's body")
            response.isLast = true
            refuse(.configured(500))
        }
    }

    /// Lets the client continue to send the body if the peer has taken enough bytes.
    func resumeBodyIfPossible() {
        if body.isPaused, !isBodyCongested { resumeBodySoon() }
    }

    /// Lets the client continue to send the body at the end of this turn of the loop.
    func resumeBodySoon() {
        body.isPaused = false
        let generation = generation
        loop.events.later { [self] in
            if generation == self.generation, client != nil { client.resumeRequestBody() }
        }
    }
}
