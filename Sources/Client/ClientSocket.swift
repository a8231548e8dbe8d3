internal import CLinux
internal import Glibc

/// A connected stream socket. Its calls block until a deadline, and never raise SIGPIPE.
struct ClientSocket {
    private let descriptor: CInt
    private let server: ServerAddress

    init(connectedTo descriptor: CInt, server: ServerAddress) {
        self.descriptor = descriptor
        self.server = server
    }

    func close() { _ = Glibc.close(descriptor) }

    /// Closes the sending direction. The socket can still receive.
    func finishSending() { _ = Glibc.shutdown(descriptor, CInt(SHUT_WR)) }

    /// Whether the connection is open and no bytes have arrived. If so, it can carry another request.
    var isQuiet: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT)) < 0 && errno == EAGAIN
    }

    /// Sends all of `bytes`.
    ///
    /// - Parameter yieldsToInput: whether to stop sending if the server answers before it has read all bytes.
    /// - Returns: whether everything was sent.
    func send(_ bytes: [UInt8], yieldsToInput: Bool, _ deadline: PollDeadline) throws(ClientError) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.send(descriptor, raw.baseAddress! + sent, raw.count - sent, CInt(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                let ready = try wait(Int16(POLLOUT) | (yieldsToInput ? Int16(POLLIN) : 0), deadline)
                if ready & Int16(POLLIN) != 0, ready & Int16(POLLOUT) == 0 { return false }
            case EPIPE, ECONNRESET:
                // The server may have sent a response before it closed the connection.
                if yieldsToInput { return false }
                throw .closed(server)
            default: throw .broken(server, reason: Self.text(errno))
            }
        }
        return true
    }

    /// Waits for bytes and appends them to `buffer`.
    /// - Returns: `false` if the server has closed its sending direction.
    func receive(into buffer: inout [UInt8], atMost limit: Int = 64 * 1024, _ deadline: PollDeadline)
        throws(ClientError)
        -> Bool
    {
        while true {
            var count = 0
            buffer.append(addingCapacity: limit) { output in
                output.withUnsafeMutableBufferPointer { room, initialized in
                    count = recv(descriptor, room.baseAddress! + initialized, limit, 0)
                    initialized += max(0, count)
                }
            }
            if count >= 0 { return count > 0 }
            switch errno {
            case EINTR: continue
            case EAGAIN: _ = try wait(Int16(POLLIN), deadline)
            case ECONNRESET: throw .closed(server)
            default: throw .broken(server, reason: Self.text(errno))
            }
        }
    }

    /// - Returns: the events that are ready. An error counts as ready, and the next send or receive reports it.
    private func wait(_ events: Int16, _ deadline: PollDeadline) throws(ClientError) -> Int16 {
        while true {
            var request = pollfd(fd: descriptor, events: events, revents: 0)
            let count = poll(&request, 1, deadline.milliseconds)
            if count > 0 { return request.revents }
            if count == 0 { throw .timedOut(server) }
            guard errno == EINTR else { throw .broken(server, reason: Self.text(errno)) }
        }
    }

    static func text(_ code: CInt) -> String { String(cString: strerror(code)) }
}
