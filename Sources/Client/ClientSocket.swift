internal import CLinux
internal import Glibc

/// A connected stream socket with calls that block until a deadline. It does not raise SIGPIPE.
struct ClientSocket {
    private let descriptor: CInt
    private let endpoint: Endpoint

    init(connectedTo descriptor: CInt, endpoint: Endpoint) {
        self.descriptor = descriptor
        self.endpoint = endpoint
    }

    func close() { _ = Glibc.close(descriptor) }

    /// Tells the peer that nothing more comes, and can still receive.
    func finishSending() { _ = Glibc.shutdown(descriptor, CInt(SHUT_WR)) }

    /// Whether nothing has come in and the peer has not closed: an idle connection is good for another request.
    var isQuiet: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT)) < 0 && errno == EAGAIN
    }

    /// Sends all of `bytes`.
    ///
    /// - Parameter yieldsToInput: stop where the peer answers before it has read everything
    /// - Returns: whether everything was sent
    func send(_ bytes: [UInt8], yieldsToInput: Bool, _ deadline: Deadline) throws(ClientError) -> Bool {
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
                // The answer to a refused request may be waiting all the same.
                if yieldsToInput { return false }
                throw .closed(endpoint)
            default: throw .broken(endpoint, reason: Self.text(errno))
            }
        }
        return true
    }

    /// Appends what has come in, waiting for the first byte.
    ///
    /// - Returns: false when the peer sends no more
    func receive(into buffer: inout [UInt8], atMost limit: Int = 64 * 1024, _ deadline: Deadline) throws(ClientError)
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
            case ECONNRESET: throw .closed(endpoint)
            default: throw .broken(endpoint, reason: Self.text(errno))
            }
        }
    }

    /// - Returns: what is ready; errors count as ready, the next call tells them
    private func wait(_ events: Int16, _ deadline: Deadline) throws(ClientError) -> Int16 {
        while true {
            var request = pollfd(fd: descriptor, events: events, revents: 0)
            let count = poll(&request, 1, deadline.milliseconds)
            if count > 0 { return request.revents }
            if count == 0 { throw .timedOut(endpoint) }
            guard errno == EINTR else { throw .broken(endpoint, reason: Self.text(errno)) }
        }
    }

    static func text(_ code: CInt) -> String { String(cString: strerror(code)) }
}
