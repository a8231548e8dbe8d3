internal import CFastCGI
internal import CLinux
internal import Glibc
internal import Reactor
internal import Synchronization

/// A connection from a web server, with libfcgi's struct for the request that is on it.
///
/// libfcgi works on a duplicate of the descriptor. It closes what it was given when it meets an error, and by then
/// the number may be another connection's; the number that the dispatcher watches is closed by the dispatcher alone.
final class Connection: @unchecked Sendable {
    let id: UInt64
    let descriptor: CInt
    private let poller: Poller
    private let request: UnsafeMutablePointer<FCGX_Request>
    private let guarded: Mutex<Guarded>

    private struct Guarded: ~Copyable {
        var state = ConnectionState()
        /// When a thread must be through with what it does, or the peer must have closed. `nil`: no limit.
        var deadline: MonotonicTime?
    }

    /// - Returns: `nil` when there is no descriptor left. `descriptor` is then still the caller's.
    init?(id: UInt64, descriptor: CInt, poller: Poller) {
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0 else { return nil }
        self.id = id
        self.descriptor = descriptor
        self.poller = poller
        guarded = Mutex(Guarded())
        request = .allocate(capacity: 1)
        request.initialize(to: FCGX_Request())
        // Without a listening socket FCGX_Accept_r cannot accept a connection of its own when this one fails.
        FCGX_InitRequest(request, -1, 0)
        request.pointee.ipcFd = duplicate
    }

    deinit { request.deallocate() }

    // MARK: The thread that serves it

    /// Reads the next request up to its body.
    /// - Returns: `nil` when what came is no request.
    func receive() -> CGIEnvironment? {
        request.pointee.keepConnection = 1
        // A detached connection is closed without waiting up to two seconds for the peer.
        FCGX_Detach(request)
        guard FCGX_Accept_r(request) >= 0, request.pointee.ipcFd >= 0 else { return nil }
        return CGIEnvironment(request.pointee.envp)
    }

    /// Whether the web server asks for what a responder gives (FastCGI 1.0, section 6.2), not for another role.
    var isResponder: Bool { request.pointee.role == 1 }

    enum Body {
        case bytes([UInt8])
        case tooLarge
        /// The peer ended the connection or broke the protocol.
        case broken
    }

    /// Reads the body to its end: bytes left over on a kept connection would be taken for the next request.
    func receiveBody(limit: Int, scratch: UnsafeMutableRawBufferPointer) -> Body {
        var bytes: [UInt8] = []
        var total = 0
        while true {
            let count = Int(FCGX_GetStr(scratch.baseAddress, CInt(scratch.count), request.pointee.in))
            total += count
            if total <= limit {
                bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
            } else if total > 4 * limit {
                // Enough was read for the peer to see the refusal; what follows would be taken for records.
                request.pointee.keepConnection = 0
                return .tooLarge
            }
            if count < scratch.count { break }
        }
        guard FCGX_GetError(request.pointee.in) == 0 else { return .broken }
        return total <= limit ? .bytes(bytes) : .tooLarge
    }

    /// The connection ends with this request's reply.
    func doNotKeep() { request.pointee.keepConnection = 0 }

    /// - Returns: `false` when the peer is gone, or does not read.
    func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            bytes.isEmpty
                || FCGX_PutStr(
                    bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(bytes.count), request.pointee.out)
                    >= 0
        }
    }

    /// Ends the request. Afterwards the connection is no longer the calling thread's.
    /// - Parameter isComplete: `false`: the reply broke off, and the client must be able to see it.
    /// - Returns: whether the dispatcher is to close the connection.
    func finish(isComplete: Bool) -> Bool {
        var isClean = isComplete
        // Before the peer can see the end of the reply: what it would send after it must not be taken and thrown away.
        // Its write fails instead, or it sees the connection's end first, and it asks another node.
        if guarded.withLock({ $0.state.isLastReply }) { shutdown(descriptor, CInt(SHUT_RD)) }
        if isComplete {
            // In this order the last bytes of the reply and the end of the request go out in one write.
            isClean = FCGX_FClose(request.pointee.err) == 0 && isClean
            isClean = FCGX_FClose(request.pointee.out) == 0 && isClean
            isClean = FCGX_GetError(request.pointee.in) == 0 && isClean
        }
        let isReusable = request.pointee.keepConnection != 0
        FCGX_Free(request, 0)
        return guarded.withLock { guarded in
            guarded.deadline = nil
            switch guarded.state.finish(isReusable: isReusable, isClean: isClean) {
            case .wait: poller.watch(descriptor, id, .nextRequest)
            case .linger:
                guarded.deadline = .current + Limits.lingering
                shutdown(descriptor, CInt(SHUT_WR))
                poller.watch(descriptor, id, .nextRequest)
            case .close: return true
            }
            return false
        }
    }

    /// Lets the request wait. Afterwards only who gets a `true` from ``resume()`` may touch it.
    func park() {
        guarded.withLock { guarded in
            guarded.deadline = nil
            guarded.state.park()
            poller.watch(descriptor, id, .hangUp)
        }
    }

    func resume() -> Bool {
        guarded.withLock { $0.state.resume() }
    }

    /// Nothing is read or written after `limit` from now.
    func limitTime(_ limit: Duration) {
        guarded.withLock { $0.deadline = .current + limit }
    }

    /// The request could not be read.
    func fail() {
        guarded.withLock { guarded in
            guarded.deadline = nil
            _ = guarded.state.finish(isReusable: false, isClean: false)
        }
    }

    // MARK: A thread that epoll told of it

    func changed(scratch: UnsafeMutableRawBufferPointer) -> ConnectionState.Event {
        guarded.withLock { guarded in
            let event = guarded.state.changed(hasBytes: hasBytes)
            if event == .discard {
                _ = recv(descriptor, scratch.baseAddress, scratch.count, CInt(MSG_DONTWAIT))
                poller.watch(descriptor, id, .nextRequest)
            }
            return event
        }
    }

    // MARK: The dispatcher

    func drain() -> ConnectionState.Drain {
        guarded.withLock { guarded in
            guarded.state.drain {
                // On a unix socket the web server's next write fails from here on: it knows that nothing was taken.
                shutdown(descriptor, CInt(SHUT_RD))
                return hasBytes
            }
        }
    }

    /// - Parameter now: later than its deadline: its time is over. `nil`: it is over in any case.
    /// - Returns: whether to close it.
    func expire(now: MonotonicTime?) -> Bool {
        guarded.withLock { guarded in
            if let now {
                guard let deadline = guarded.deadline, deadline < now else { return false }
            }
            switch guarded.state.expire() {
            case .interrupt:
                // The thread's read or write returns with an error. The descriptor stays ours until it is done.
                shutdown(descriptor, CInt(SHUT_RDWR))
                return false
            case .close: return true
            case .leave: return false
            }
        }
    }

    /// Frees all. Nobody else has the connection any more.
    func close() {
        FCGX_Free(request, 0)
        _ = Glibc.close(request.pointee.ipcFd)
        request.pointee.ipcFd = -1
        poller.forget(descriptor)
        _ = Glibc.close(descriptor)
    }

    private var hasBytes: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT)) > 0
    }
}
