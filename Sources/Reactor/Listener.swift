internal import CLinux
internal import Glibc

/// A listening socket.
package struct Listener: Sendable, Hashable {
    package struct Options: Sendable, Hashable {
        /// listen(2)'s backlog; nginx's default on Linux is 511.
        package var backlog: CInt = 511
        /// SO_REUSEPORT: one listener for each loop, and a new process beside the old one.
        package var reusePort = false
        /// Only IPv6 on an IPv6 address (`ipv6only=on`, nginx's default).
        package var ipv6Only = true
        /// Access mode of a unix socket's file.
        package var unixMode: UInt32 = 0o666
        /// Options that connections have from their listener, as `setsockopt` takes them.
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
        /// No connection waits.
        case none
        /// No descriptor or memory left (EMFILE, ENFILE, ENOBUFS, ENOMEM): connections wait in the backlog; try again
        /// after a pause, since an edge-triggered loop does not tell again.
        case exhausted(CInt)
    }

    package let descriptor: CInt

    package init(descriptor: CInt) { self.descriptor = descriptor }

    /// Binds and listens. A unix socket's file left behind by a process that is gone is replaced; one that something
    /// listens on is not.
    package static func listen(
        on address: SocketAddress, _ options: Options = Options()
    ) throws(SystemError) -> Listener {
        let name = address.description
        if case .unix(let path) = address {
            guard path.utf8.count <= SocketAddress.longestUnixPath else {
                throw SystemError("bind", code: ENAMETOOLONG, subject: name)
            }
            try removeStale(path, address)
        }
        let socket = Socket(descriptor: millrace_stream_socket(address.family))
        guard socket.descriptor >= 0 else { throw SystemError("socket", subject: name) }
        if address.family != AF_UNIX {
            socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
            if options.reusePort { socket.set(SOL_SOCKET, SO_REUSEPORT, 1) }
            // Accepted connections inherit it: no system call for each.
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
        return Listener(descriptor: socket.descriptor)
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
            // So is a connection to a file that is no socket.
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
            // EINVAL, EBADF: another thread has shut the listener down or closed it; nothing comes any more.
            case EAGAIN, EINVAL, EBADF: return .none
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(errno)
            default: continue  // EINTR, ECONNABORTED, or what the network did to this one connection
            }
        }
    }

    /// The address it is bound to: tells the port when 0 was asked for.
    package var localAddress: SocketAddress? { Socket(descriptor: descriptor).localAddress }

    /// Whoever connects from now on is refused. Connections in the backlog may be reset: accept them before.
    package func refuse() { _ = shutdown(descriptor, CInt(SHUT_RDWR)) }

    package func close() { _ = Glibc.close(descriptor) }
}
