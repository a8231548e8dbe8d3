import Glibc
import Testing

/// A port that somebody listens on.
final class OccupiedPort: Sendable {
    let descriptor: CInt

    init(_ port: UInt16) throws {
        descriptor = listeningSocket(port: port)
        try #require(descriptor >= 0)
    }

    deinit { close(descriptor) }
}

/// A socket that listens on 127.0.0.1; -1 when that fails.
func listeningSocket(port: UInt16) -> CInt {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let isBound = withUnsafeBytes(of: &address) { bytes in
        bind(
            descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self),
            socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
    guard isBound, listen(descriptor, 64) == 0 else {
        close(descriptor)
        return -1
    }
    return descriptor
}

/// Whether somebody takes connections on a port of 127.0.0.1.
func isListening(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafeBytes(of: &address) { bytes in
        connect(
            descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self),
            socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
}
