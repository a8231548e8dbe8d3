internal import CLinux
internal import Glibc

/// An option of a listening TCP socket; connections inherit it, which costs no system call for each.
package struct SocketOption: Sendable, Hashable {
    let level: CInt
    let name: CInt
    let value: CInt

    private static func tcp(_ name: CInt, _ value: Int) -> SocketOption {
        SocketOption(level: CInt(IPPROTO_TCP), name: name, value: CInt(clamping: value))
    }

    /// Whether the kernel asks a peer that has been quiet if it is still there.
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
    /// A connection is accepted when its first bytes are there, a second later at the latest.
    package static let isDeferred = tcp(TCP_DEFER_ACCEPT, 1)
    package static func fastOpen(_ count: Int) -> SocketOption { tcp(TCP_FASTOPEN, count) }
}
