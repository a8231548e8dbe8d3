internal import CLinux
internal import Glibc

/// What the kernel knows of a TCP connection's way through the network (tcp(7), TCP_INFO).
package struct NetworkPath: Sendable, Hashable {
    package let roundTripMicroseconds: Int
    package let variationMicroseconds: Int
    /// In segments.
    package let congestionWindow: Int
    /// In bytes.
    package let receiveSpace: Int
}

extension Socket {
    /// nil: it is no TCP connection.
    package var path: NetworkPath? {
        var info = tcp_info()
        var length = socklen_t(MemoryLayout<tcp_info>.size)
        guard getsockopt(descriptor, CInt(IPPROTO_TCP), TCP_INFO, &info, &length) == 0 else { return nil }
        return NetworkPath(
            roundTripMicroseconds: Int(info.tcpi_rtt), variationMicroseconds: Int(info.tcpi_rttvar),
            congestionWindow: Int(info.tcpi_snd_cwnd), receiveSpace: Int(info.tcpi_rcv_space))
    }
}
