internal import CLinux
internal import Glibc

extension SocketAddress {
    /// Looks up a host name (getaddrinfo(3)). This blocks, so never call it on the thread of a loop.
    /// - Returns: the addresses, sorted and without duplicates
    package static func resolve(host: String, port: UInt16) throws(ResolutionError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            throw ResolutionError(host: host, reason: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var entry = list
        while let current = entry {
            if let raw = current.pointee.ai_addr, var address = SocketAddress(raw) {
                address.port = port
                if !found.contains(address) { found.append(address) }
            }
            entry = current.pointee.ai_next
        }
        return found.sorted { $0.description < $1.description }
    }
}

/// The lookup of a host name failed.
package struct ResolutionError: Error, CustomStringConvertible, Hashable {
    package let host: String
    package let reason: String
    /// Whether the DNS server has answered that the name does not exist. If `false`, the lookup may succeed later.
    package let isFinal: Bool

    package init(host: String, reason: String, isFinal: Bool = false) {
        self.host = host
        self.reason = reason
        self.isFinal = isFinal
    }

    package var description: String { "host not found: \"\(host)\" (\(reason))" }
}
