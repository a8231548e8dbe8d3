internal import CLinux
internal import Glibc

/// A listening socket.
package struct ListeningSocket: Sendable, Hashable {
    package struct Options: Sendable, Hashable {
        /// listen(2)'s backlog; nginx's default on Linux is 511.
        package var backlog: CInt = 511
        /// SO_REUSEPORT: several sockets listen on the same address. Each loop has its own socket, and during a binary
        /// upgrade, the old and the new process have different sockets.
        package var reusePort = false
        /// Accept only IPv6 on an IPv6 address (`ipv6only=on`, nginx's default).
        package var ipv6Only = true
        /// The access mode of the file of a unix socket.
        package var unixMode: UInt32 = 0o666
        /// Options that accepted connections inherit.
        package var more: [SocketOption] = []

        package init(backlog: CInt = 511, reusePort: Bool = false, ipv6Only: Bool = true, unixMode: UInt32 = 0o666) {
            self.backlog = backlog
            self.reusePort = reusePort
            self.ipv6Only = ipv6Only
            self.unixMode = unixMode
        }
    }

    package enum Accepted {
        case connection(Socket, from: SocketAddress)
        /// No connection is waiting.
        case none
        /// No descriptor or memory is left (EMFILE, ENFILE, ENOBUFS, ENOMEM). The connections stay in the backlog. Try
        /// again after a pause.
        case exhausted(CInt)
    }

    package let descriptor: CInt

    package init(descriptor: CInt) { self.descriptor = descriptor }

    /// Binds and listens. An existing file of a unix socket is replaced if no process listens on it.
    package static func listen(
        on address: SocketAddress, _ options: Options = Options()
    ) throws(SystemError) -> ListeningSocket {
        let name = address.description
        if case .unix(let path) = address {
            guard path.utf8.count <= SocketAddress.maxUnixPathLength else {
                throw SystemError("bind", code: ENAMETOOLONG, subject: name)
            }
            try removeStale(path, address)
        }
        let socket = Socket(descriptor: millrace_stream_socket(address.family))
        guard socket.descriptor >= 0 else { throw SystemError("socket", subject: name) }
        if address.family != AF_UNIX {
            socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
            if options.reusePort { socket.set(SOL_SOCKET, SO_REUSEPORT, 1) }
            // Accepted connections inherit TCP_NODELAY. This saves a system call for each of them.
            socket.setNoDelay()
            for option in options.more { socket.set(option.level, option.name, option.value) }
        }
        if address.family == AF_INET6 {
            socket.set(CInt(IPPROTO_IPV6), IPV6_V6ONLY, options.ipv6Only ? 1 : 0)
        }
        guard address.withRaw({ raw, length in bind(socket.descriptor, raw, length) }) == 0 else {
            throw closing(socket, SystemError("bind", subject: name))
        }
        if case .unix(let path) = address { chmod(path, mode_t(options.unixMode)) }
        guard Glibc.listen(socket.descriptor, options.backlog) == 0 else {
            throw closing(socket, SystemError("listen", subject: name))
        }
        return ListeningSocket(descriptor: socket.descriptor)
    }

    private static func closing(_ socket: Socket, _ error: SystemError) -> SystemError {
        socket.close()
        return error
    }

    private static func removeStale(_ path: String, _ address: SocketAddress) throws(SystemError) {
        do {
            let (socket, _) = try Socket.connect(to: address)
            socket.close()
        } catch {
            // A connection to a file that is not a socket is also refused. Do not remove such a file.
            var status = stat()
            if error.code == ECONNREFUSED, lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK {
                unlink(path)
            }
            return
        }
        throw SystemError("bind", code: EADDRINUSE, subject: address.description)
    }

    package func accept() -> Accepted {
        var storage = sockaddr_storage()
        while true {
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let descriptor = millrace_accept_from(descriptor, &storage, &length)
            if descriptor >= 0 {
                let peer = withUnsafePointer(to: &storage) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0) }
                }
                return .connection(Socket(descriptor: descriptor), from: peer ?? .unix(""))
            }
            switch errno {
            // EINVAL, EBADF: another thread has shut down or closed the socket. There will be no more connections.
            case EAGAIN, EINVAL, EBADF: return .none
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(errno)
            default: continue  // EINTR, ECONNABORTED, or a network error of this one connection
            }
        }
    }

    /// The address that the socket is bound to. If port 0 was requested, it has the port that the system chose.
    package var localAddress: SocketAddress? { Socket(descriptor: descriptor).localAddress }

    /// Refuses new connections. Connections in the backlog may be reset, so accept them first.
    package func refuse() { _ = shutdown(descriptor, CInt(SHUT_RDWR)) }

    package func close() { _ = Glibc.close(descriptor) }
}
