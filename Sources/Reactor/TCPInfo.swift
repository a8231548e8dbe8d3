internal import CLinux
internal import Glibc

/// What the kernel has measured on a TCP connection (tcp(7), TCP_INFO).
package struct TCPInfo: Sendable, Hashable {
    package let roundTripMicroseconds: Int
    package let variationMicroseconds: Int
    /// The congestion window in segments.
    package let congestionWindow: Int
    /// The receive space (`tcpi_rcv_space`) in bytes.
    package let receiveSpace: Int
}

extension Socket {
    /// What the kernel has measured; nil if this is not a TCP connection.
    package var tcpInfo: TCPInfo? {
        var info = tcp_info()
        var length = socklen_t(MemoryLayout<tcp_info>.size)
        guard getsockopt(descriptor, CInt(IPPROTO_TCP), TCP_INFO, &info, &length) == 0 else { return nil }
        return TCPInfo(
            roundTripMicroseconds: Int(info.tcpi_rtt), variationMicroseconds: Int(info.tcpi_rttvar),
            congestionWindow: Int(info.tcpi_snd_cwnd), receiveSpace: Int(info.tcpi_rcv_space))
    }
}
