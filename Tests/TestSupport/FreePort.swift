internal import Glibc

/// A TCP port of 127.0.0.1 that nobody listens on.
///
/// It is taken from below the range that the kernel gives to outgoing connections, and no process gets the same one
/// twice, so that nobody takes it between this call and its use.
package func freePort() -> UInt16 {
    while true {
        let candidate = UInt16.random(in: 12_000..<32_000)
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = candidate.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let isFree = withUnsafeBytes(of: &address) { bytes in
            bind(
                descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
        if isFree { return candidate }
    }
}
