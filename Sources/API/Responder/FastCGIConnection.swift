internal import CFastCGI
internal import CLinux
internal import FastCGIWire
internal import Glibc
internal import Reactor
internal import Synchronization

/// A connection from a web server, with libfcgi's struct for its current request.
///
/// libfcgi works on a duplicate of the descriptor, because after an error it closes its descriptor by itself. Only the
/// dispatcher closes the original. So the number of the original is not reused for another connection while a thread
/// still uses it.
final class FastCGIConnection: @unchecked Sendable {
    let id: UInt64
    let descriptor: CInt
    private let poller: Poller
    private let request: UnsafeMutablePointer<FCGX_Request>
    private let guarded: Mutex<Guarded>
    /// While a request is read, only the owning thread uses the filter. Between requests, only a thread that holds the
    /// lock of ``guarded`` uses it.
    private var filter = RequestFilter()

    private struct Guarded: ~Copyable {
        var state = ConnectionState()
        /// The deadline of the owning thread's reads and writes; while the connection lingers, the deadline for the web
        /// server to close it. `nil` for no deadline.
        var deadline: MonotonicTime?
    }

    /// - Returns: `nil` if the process has no descriptor left. Then the caller still owns `descriptor`.
    init?(id: UInt64, descriptor: CInt, poller: Poller) {
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0 else { return nil }
        self.id = id
        self.descriptor = descriptor
        self.poller = poller
        guarded = Mutex(Guarded())
        request = .allocate(capacity: 1)
        request.initialize(to: FCGX_Request())
        // -1: no listening socket, so that FCGX_Accept_r cannot accept another connection when this one fails.
        FCGX_InitRequest(request, -1, 0)
        request.pointee.ipcFd = duplicate
    }

    deinit { request.deallocate() }

    // MARK: For the thread that serves the connection

    /// Reads the parameters of the next request, up to its body.
    /// - Returns: `nil` if the bytes are not a request.
    func receive() -> CGIEnvironment? {
        request.pointee.keepConnection = 1
        // FCGX_Free waits up to two seconds for the peer to close, unless the request is detached.
        FCGX_Detach(request)
        filter.beginRequest()
        let code = ReadingConnection.with(self) { FCGX_Accept_r(request) }
        guard code >= 0, request.pointee.ipcFd >= 0 else { return nil }
        return CGIEnvironment(request.pointee.envp)
    }

    /// Whether the request is for the responder role (FastCGI 1.0, section 6.2).
    var isResponder: Bool { request.pointee.role == 1 }

    enum ReceivedBody {
        case bytes([UInt8])
        case tooLarge
        /// The web server closed the connection or violated the protocol.
        case broken
    }

    /// Reads the whole body, even if it is too large: unread bytes on a kept connection would be parsed as the next
    /// request.
    func receiveBody(limit: Int, scratch: UnsafeMutableRawBufferPointer) -> ReceivedBody {
        ReadingConnection.with(self) { readBody(limit: limit, scratch: scratch) }
    }

    private func readBody(limit: Int, scratch: UnsafeMutableRawBufferPointer) -> ReceivedBody {
        var bytes: [UInt8] = []
        var total = 0
        while true {
            let count = Int(FCGX_GetStr(scratch.baseAddress, CInt(scratch.count), request.pointee.in))
            total += count
            if total <= limit {
                bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
            } else if total > 4 * limit {
                // Stop reading. The rest of the body cannot be skipped, so the connection must be closed.
                request.pointee.keepConnection = 0
                return .tooLarge
            }
            if count < scratch.count { break }
        }
        guard FCGX_GetError(request.pointee.in) == 0 else { return .broken }
        if filter.hasBytesAfterEnd { doNotKeep() }
        return total <= limit ? .bytes(bytes) : .tooLarge
    }

    /// Reads bytes for libfcgi, without the records that it must not parse.
    /// - Returns: the number of bytes; 0 at the end of the connection, -1 for an error.
    func read(_ descriptor: CInt, into room: UnsafeMutableBufferPointer<UInt8>) -> Int {
        while true {
            var start = room.mutableSpan
            let held = filter.takeHeld(into: &start)
            let count = Glibc.read(descriptor, room.baseAddress! + held, room.count - held)
            guard count > 0 else { return count }
            var received = room.extracting(..<(held + count)).mutableSpan
            guard let kept = try? filter.filter(&received) else {
                errno = EPROTO
                return -1
            }
            if kept > 0 { return kept }
        }
    }

    /// Reads and drops the body of a request that is refused. If the body has more than 64 KiB, the rest of it is not
    /// read, and the connection is closed after the response.
    /// - Returns: `false` if the web server closed the connection or violated the protocol.
    func skipBody(scratch: UnsafeMutableRawBufferPointer) -> Bool {
        // `receiveBody` stops after four times the limit.
        if case .broken = receiveBody(limit: 16_384, scratch: scratch) { return false }
        return true
    }

    /// Closes the connection after the response to this request.
    func doNotKeep() { request.pointee.keepConnection = 0 }

    /// - Returns: `false` if the web server has closed the connection or does not read.
    func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            bytes.isEmpty
                || FCGX_PutStr(
                    bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(bytes.count), request.pointee.out)
                    >= 0
        }
    }

    /// Ends the request. Afterwards the calling thread no longer owns the connection.
    /// - Parameter isComplete: `false` if the response is incomplete. Then the connection is closed, so that the client
    ///   notices.
    /// - Returns: whether the dispatcher must close the connection.
    func finish(isComplete: Bool) -> Bool {
        var isClean = isComplete
        // Shut down reading before the web server sees the end of the last response. Without this, the web server could
        // send another request, which nobody would answer. Now the web server's next write fails, or it sees the end of
        // the connection. In both cases it uses another node.
        if guarded.withLock({ $0.state.isLastReply }) { shutdown(descriptor, CInt(SHUT_RD)) }
        if isComplete {
            // `err` is closed before `out`, so that the last bytes of the response and the end of the request are sent
            // with one write.
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
                guarded.deadline = .current + ResponderTimeouts.lingering
                shutdown(descriptor, CInt(SHUT_WR))
                poller.watch(descriptor, id, .nextRequest)
            case .close: return true
            }
            return false
        }
    }

    /// Parks the request. Afterwards only a thread for which ``resume()`` returned `true` may use the connection.
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

    /// Reads and writes of the current request fail after this time.
    func setDeadline(after timeout: Duration) {
        guarded.withLock { $0.deadline = .current + timeout }
    }

    /// Ends a request that could not be read.
    func fail() {
        guarded.withLock { guarded in
            guarded.deadline = nil
            _ = guarded.state.finish(isReusable: false, isClean: false)
        }
    }

    // MARK: For a thread that received an epoll event

    func changed(scratch: UnsafeMutableRawBufferPointer) -> ConnectionState.Event {
        guarded.withLock { guarded in
            let event = guarded.state.changed(arrival: receiveHeader(scratch), hasBytes: hasBytes)
            switch event {
            case .discard:
                _ = recv(descriptor, scratch.baseAddress, scratch.count, CInt(MSG_DONTWAIT))
                poller.watch(descriptor, id, .nextRequest)
            case .wait:
                // The rest of a record may never arrive, so set a deadline.
                guarded.deadline =
                    filter.isWithinRecord ? guarded.deadline ?? .current + ResponderTimeouts.request : nil
                poller.watch(descriptor, id, .nextRequest)
            case .serve, .close, .ignore: break
            }
            return event
        }
    }

    /// Reads up to the header of the next request, without waiting.
    private func receiveHeader(_ scratch: UnsafeMutableRawBufferPointer) -> ConnectionState.Arrival {
        while true {
            let count = recv(
                descriptor, scratch.baseAddress, min(filter.wanted, scratch.count), CInt(MSG_DONTWAIT))
            guard count > 0 else { return count < 0 && errno == EAGAIN ? .incomplete : .end }
            let bytes = UnsafeRawBufferPointer(rebasing: scratch[..<count]).assumingMemoryBound(to: UInt8.self)
            do {
                if try filter.receive(bytes.span) { return .request }
            } catch {
                return .end
            }
        }
    }

    // MARK: For the dispatcher

    func drain() -> ConnectionState.Drain {
        guarded.withLock { guarded in
            guarded.state.drain {
                // From now on the web server's writes to a unix socket fail. So it knows that the node did not receive
                // the request.
                shutdown(descriptor, CInt(SHUT_RD))
                return hasBytes
            }
        }
    }

    /// Ends the connection if its deadline has passed.
    /// - Parameter now: the current time; `nil` to end the connection whatever its deadline is.
    /// - Returns: whether the dispatcher must close the connection.
    func expire(now: MonotonicTime?) -> Bool {
        guarded.withLock { guarded in
            if let now {
                guard let deadline = guarded.deadline, deadline < now else { return false }
            }
            switch guarded.state.expire() {
            case .interrupt:
                // The owning thread's read or write now returns an error. The descriptor stays open until that thread
                // is done.
                shutdown(descriptor, CInt(SHUT_RDWR))
                return false
            case .close: return true
            case .leave: return false
            }
        }
    }

    /// Closes the descriptors and frees the request. No other thread may use the connection any more.
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
