internal import Glibc

/// A TCP socket that listens on an address given as text.
struct ListeningSocket {
    let descriptor: CInt
    let port: UInt16

    /// - Parameter address: `host:port`, `[v6]:port` or `:port` (all interfaces); port 0: the system chooses.
    init(_ address: String) throws(MetricsListener.Failure) {
        guard let colon = address.lastIndex(of: ":"), UInt16(address[address.index(after: colon)...]) != nil else {
            throw MetricsListener.Failure(description: "\(address): not host:port")
        }
        let host = address[..<colon].filter { $0 != "[" && $0 != "]" }
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = CInt(AI_PASSIVE)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(
            host.isEmpty ? nil : host, String(address[address.index(after: colon)...]), &hints, &found)
        guard code == 0, let first = found else {
            throw MetricsListener.Failure(description: "\(address): \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(found) }
        let type = first.pointee.ai_socktype | CInt(SOCK_CLOEXEC.rawValue)
        descriptor = socket(first.pointee.ai_family, type, first.pointee.ai_protocol)
        var yes: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        guard descriptor >= 0, bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
            listen(descriptor, 16) == 0
        else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            throw MetricsListener.Failure(description: "cannot listen on \(address): \(reason)")
        }
        port = Self.port(of: descriptor)
    }

    private static func port(of descriptor: CInt) -> UInt16 {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &size) }
            // The port stands at the same place in sockaddr_in and sockaddr_in6.
            return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt16(bigEndian: $0.pointee.sin_port)
            }
        }
    }
}
