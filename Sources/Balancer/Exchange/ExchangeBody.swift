internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// The request's body on its way: held until a node is asked, passed on after that.
extension Exchange {
    /// The client should not be read from now.
    var isBodyCongested: Bool {
        if isBodyUnwanted { return false }
        let isCongested: Bool
        if let connection {
            isCongested = !connection.isConnected || connection.backlog > Self.congestion
        } else {
            isCongested = isBufferFull
        }
        if isCongested { wasCongested = true }
        return isCongested
    }

    /// As much is held as `client_body_buffer_size` says, and a node is asked then.
    var isBufferFull: Bool { !holdsWholeBody && isMemoryFull }

    private var isMemoryFull: Bool { heldBody.count >= max(1, location.settings.client.bodyBufferSize) }

    func body(_ bytes: Span<UInt8>) {
        bodyCount += bytes.count
        guard !isBodyUnwanted, location.settings.fastCGI.passesRequestBody else { return }
        if let connection {
            isBodyHeld = false
            machine.sent(isHeld: false)
            connection.body(bytes)
        } else if holdsWholeBody, isMemoryFull {
            spool(bytes)
        } else {
            heldBody.append(contentsOf: bytes)
            if isBufferFull { ready() }
        }
    }

    func bodyEnded() {
        isBodyComplete = true
        guard !isBodyUnwanted else { return }
        if let connection {
            if location.settings.fastCGI.passesRequestBody { connection.endBody() }
            connection.flush()
        } else {
            ready()
        }
    }

    /// What has been handed over since the last call may go out.
    func bodyPaused() { connection?.flush() }

    func ready() {
        guard !isResponseBegun else { return }
        if AdminCalls.covers(parser.head.path) {
            if isBodyComplete { AdminCalls.answer(self) } else { refuse(.bodyTooLarge) }
            return
        }
        guard timerMeaning != .delayed else { return }
        if location.upstream == nil { return serveContent() }
        perform(machine.requestReady())
    }

    func resumeBodySoon() {
        wasCongested = false
        let generation = generation
        loop.events.later { [self] in
            if generation == self.generation, client != nil { client.resumeRequestBody() }
        }
    }
}
