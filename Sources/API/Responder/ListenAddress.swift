internal import Glibc
package import Reactor

/// Where a node listens for web servers: `unix:/path`, `host:port`, `[::1]:port`, `*:port` or `fd:0`.
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    case unix(path: String)
    case tcp(HostPort)
    /// A listening socket that the process inherited.
    case descriptor(Int32)

    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = text.dropFirst(5)
            guard !path.isEmpty else { return nil }
            self = .unix(path: String(path))
        } else if text.hasPrefix("fd:") {
            guard let number = Int32(text.dropFirst(3)), number >= 0 else { return nil }
            self = .descriptor(number)
        } else {
            guard let place = HostPort(text) else { return nil }
            self = .tcp(place)
        }
    }

    /// Whether the node opens the socket itself, so that no other process accepts from it.
    var isOwn: Bool {
        if case .descriptor = self { false } else { true }
    }

    package var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let place): place.description
        case .descriptor(let number): "fd:\(number)"
        }
    }
}

/// The access to the file of a unix socket.
package struct SocketAccess: Sendable, Hashable {
    package var mode: UInt32 = 0o660
    /// The id of the file's group; `nil` for that of the process.
    package var group: UInt32?

    package init() {}
}

/// Why a node cannot listen.
package enum ListenError: Error, CustomStringConvertible {
    case system(SystemError)
    case unknownHost(ResolutionError)
    case notListening(Int32)

    package var description: String {
        switch self {
        case .system(let error): error.description
        case .unknownHost(let error): error.description
        case .notListening(let number): "descriptor \(number) is not a listening socket"
        }
    }
}

extension ListenAddress {
    /// Opens the socket. libfcgi's own function is not used: it ends the process on errors and does not support IPv6.
    /// - Parameter access: the access to the file of a unix socket.
    func open(_ access: SocketAccess = SocketAccess()) throws(ListenError) -> ListeningSocket {
        switch self {
        case .descriptor(let number):
            guard Self.isListening(number) else { throw .notListening(number) }
            _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
            return ListeningSocket(descriptor: number)
        case .unix(let path):
            let socket = try listen(.unix(path), unixMode: access.mode)
            if let group = access.group, chown(path, uid_t.max, group) != 0 {
                let error = SystemError("chown", subject: path)
                socket.close()
                unlink(path)
                throw .system(error)
            }
            return socket
        case .tcp(let place):
            let addresses: [SocketAddress]
            do { addresses = try place.addresses() } catch { throw .unknownHost(error) }
            return try listen(addresses[0])
        }
    }

    private func listen(_ address: SocketAddress, unixMode: UInt32 = 0o660) throws(ListenError) -> ListeningSocket {
        do {
            return try ListeningSocket.listen(
                on: address, .init(backlog: 4096, ipv6Only: false, unixMode: unixMode))
        } catch {
            throw .system(error)
        }
    }

    /// Whether a descriptor is a listening socket.
    static func isListening(_ descriptor: Int32) -> Bool {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value != 0
    }
}
