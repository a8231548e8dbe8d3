internal import CLinux
internal import Glibc

/// The result of a non-blocking read or write.
package enum IOOutcome: Sendable, Hashable {
    case bytes(Int)
    /// Nothing could be read or written now. The loop reports when to try again.
    case wouldBlock
    /// Read: the peer will not send more. Write: the peer has closed the connection.
    case closed
    /// The call failed with this `errno`.
    case failed(CInt)
}

/// A non-blocking stream socket. Its owner has to close it exactly once.
package struct Socket: Sendable, Hashable {
    package let descriptor: CInt

    package init(descriptor: CInt) { self.descriptor = descriptor }

    package enum Connecting: Sendable, Hashable {
        case connected
        /// The loop reports `writable` or `failed` when the attempt ends. Then read ``Socket/pendingError``.
        case inProgress
    }

    /// Starts to connect.
    package static func connect(to address: SocketAddress) throws(SystemError) -> (Socket, Connecting) {
        let descriptor = millrace_stream_socket(address.family)
        guard descriptor >= 0 else { throw SystemError("socket") }
        let socket = Socket(descriptor: descriptor)
        if address.family != AF_UNIX { socket.setNoDelay() }
        if address.withRaw({ raw, length in Glibc.connect(descriptor, raw, length) }) == 0 {
            return (socket, .connected)
        }
        let code = errno
        if code == EINPROGRESS { return (socket, .inProgress) }
        socket.close()
        throw SystemError("connect", code: code, subject: address.description)
    }

    /// The error of the connection attempt, or a later error, as `errno`; 0 if there is no error. Reading the error
    /// clears it.
    package var pendingError: CInt {
        var code: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
    }

    /// Reads up to `limit` bytes and appends them to `buffer`.
    package func read(into buffer: ByteBuffer, atMost limit: Int) -> IOOutcome {
        var outcome = IOOutcome.wouldBlock
        buffer.appending(limit) { room in
            while true {
                let count = recv(descriptor, room.baseAddress!, room.count, 0)
                if count > 0 {
                    outcome = .bytes(count)
                    return count
                }
                if count == 0 {
                    outcome = .closed
                    return 0
                }
                if errno == EINTR { continue }
                outcome = errno == EAGAIN ? .wouldBlock : .failed(errno)
                return 0
            }
        }
        return outcome
    }

    /// Writes as much as the kernel accepts now. Never raises SIGPIPE.
    package func write(_ bytes: UnsafeRawBufferPointer) -> IOOutcome {
        guard bytes.count > 0 else { return .bytes(0) }
        return Self.outcome { Glibc.send(descriptor, bytes.baseAddress!, bytes.count, CInt(MSG_NOSIGNAL)) }
    }

    /// Writes the pieces one after the other, as many bytes as the kernel accepts now. Never raises SIGPIPE.
    func write(_ pieces: UnsafeMutableBufferPointer<iovec>) -> IOOutcome {
        var message = msghdr()
        message.msg_iov = pieces.baseAddress
        message.msg_iovlen = pieces.count
        return Self.outcome { sendmsg(descriptor, &message, CInt(MSG_NOSIGNAL)) }
    }

    /// Calls `write`, repeats it if a signal interrupts it, and converts its result to an outcome.
    @inline(__always)
    private static func outcome(_ write: () -> Int) -> IOOutcome {
        while true {
            let count = write()
            if count >= 0 { return .bytes(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case EPIPE, ECONNRESET: return .closed
            default: return .failed(errno)
            }
        }
    }

    /// Tells the peer that no more bytes will be sent.
    package func shutdownWriting() { _ = shutdown(descriptor, CInt(SHUT_WR)) }

    package func close() { _ = Glibc.close(descriptor) }

    /// Closes with a reset. Unsent bytes are dropped.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// The address of this end of the connection.
    package var localAddress: SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                getsockname(descriptor, raw, &length) == 0 ? SocketAddress(raw) : nil
            }
        }
    }

    /// Makes the kernel close a TCP connection within 10 s after the host of the peer has lost its power or its
    /// network. This works while the kernel waits for an acknowledgement (RFC 5482) and while the connection is idle
    /// (RFC 9293, 3.8.4).
    package func detectDeadHost() {
        set(SOL_SOCKET, SO_KEEPALIVE, 1)
        set(CInt(IPPROTO_TCP), TCP_KEEPIDLE, 3)
        set(CInt(IPPROTO_TCP), TCP_KEEPINTVL, 2)
        set(CInt(IPPROTO_TCP), TCP_KEEPCNT, 3)
        set(CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, 9000)
    }

    func setNoDelay() { set(CInt(IPPROTO_TCP), TCP_NODELAY, 1) }

    func set(_ level: CInt, _ option: CInt, _ value: CInt) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
    }
}
