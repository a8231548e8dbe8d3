internal import CLinux
internal import Glibc

/// An option of a listening TCP socket. Connections inherit it, which saves a system call for each of them.
package struct SocketOption: Sendable, Hashable {
    let level: CInt
    let name: CInt
    let value: CInt

    private static func tcp(_ name: CInt, _ value: Int) -> SocketOption {
        SocketOption(level: CInt(IPPROTO_TCP), name: name, value: CInt(clamping: value))
    }

    /// Whether the kernel probes a peer when the connection is idle.
    package static func keepsAlive(_ isOn: Bool) -> SocketOption {
        SocketOption(level: SOL_SOCKET, name: SO_KEEPALIVE, value: isOn ? 1 : 0)
    }

    package static func keepaliveIdle(seconds: Int) -> SocketOption { tcp(TCP_KEEPIDLE, seconds) }
    package static func keepaliveInterval(seconds: Int) -> SocketOption { tcp(TCP_KEEPINTVL, seconds) }
    package static func keepaliveCount(_ count: Int) -> SocketOption { tcp(TCP_KEEPCNT, count) }
    package static func receiveBuffer(_ bytes: Int) -> SocketOption {
        SocketOption(level: SOL_SOCKET, name: SO_RCVBUF, value: CInt(clamping: bytes))
    }
    package static func sendBuffer(_ bytes: Int) -> SocketOption {
        SocketOption(level: SOL_SOCKET, name: SO_SNDBUF, value: CInt(clamping: bytes))
    }
    /// Accept a connection when its first bytes have arrived, at the latest after about one second.
    package static let deferAccept = tcp(TCP_DEFER_ACCEPT, 1)
    package static func fastOpen(_ count: Int) -> SocketOption { tcp(TCP_FASTOPEN, count) }
}
