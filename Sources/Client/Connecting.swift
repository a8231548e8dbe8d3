internal import CLinux
internal import Glibc

extension ClientSocket {
    /// Connects. If a host name has several addresses, they are tried in order.
    static func connect(to server: ServerAddress, _ deadline: PollDeadline) throws(ClientError) -> ClientSocket {
        switch server {
        case .unix(let path): try connectUnix(path, server, deadline)
        case .tcp(let host, let port): try connectTCP(host, port, server, deadline)
        }
    }

    private static func connectUnix(
        _ path: String, _ server: ServerAddress, _ deadline: PollDeadline
    ) throws(ClientError) -> ClientSocket {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .notConnected(server, reason: text(ENAMETOOLONG))
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let code = withUnsafeBytes(of: &address) { raw in
            attempt(
                raw.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count), AF_UNIX, deadline)
        }
        switch code {
        case .success(let descriptor): return ClientSocket(connectedTo: descriptor, server: server)
        case .failure(let error): throw .notConnected(server, reason: text(error.code))
        }
    }

    private static func connectTCP(
        _ host: String, _ port: UInt16, _ server: ServerAddress, _ deadline: PollDeadline
    ) throws(ClientError) -> ClientSocket {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &list)
        guard status == 0, let first = list else {
            throw .unknownHost(host, reason: String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(first) }
        var failure = ENOENT
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let entry = next?.pointee {
            switch attempt(entry.ai_addr, entry.ai_addrlen, entry.ai_family, deadline) {
            case .success(let descriptor):
                var on: CInt = 1
                setsockopt(
                    descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
                return ClientSocket(connectedTo: descriptor, server: server)
            case .failure(let error):
                failure = error.code
            }
            next = entry.ai_next
        }
        throw .notConnected(server, reason: text(failure))
    }

    private struct Failure: Error {
        let code: CInt
    }

    private static func attempt(
        _ address: UnsafePointer<sockaddr>, _ length: socklen_t, _ family: CInt, _ deadline: PollDeadline
    ) -> Result<CInt, Failure> {
        let descriptor = millrace_stream_socket(family)
        guard descriptor >= 0 else { return .failure(Failure(code: errno)) }
        var code = Glibc.connect(descriptor, address, length) == 0 ? 0 : errno
        // EAGAIN means that the backlog of a unix socket is full. poll(2) cannot wait for room in it, so try again
        // until the deadline.
        while code == EAGAIN, deadline.milliseconds > 0 {
            usleep(1_000)
            code = Glibc.connect(descriptor, address, length) == 0 ? 0 : errno
        }
        if code == EINPROGRESS || code == EINTR { code = outcome(of: descriptor, deadline) }
        guard code == 0 else {
            Glibc.close(descriptor)
            return .failure(Failure(code: code))
        }
        return .success(descriptor)
    }

    private static func outcome(of descriptor: CInt, _ deadline: PollDeadline) -> CInt {
        while true {
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let count = poll(&request, 1, deadline.milliseconds)
            if count == 0 { return ETIMEDOUT }
            if count > 0 { break }
            if errno != EINTR { return errno }
        }
        var code: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
    }
}
