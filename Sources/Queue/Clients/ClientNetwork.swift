internal import Glibc
internal import Tasks

/// The network from which an anonymous client sends its requests: an IPv4 address, or the first 64 bits of an IPv6
/// address, because one customer usually has all addresses of such a network.
package struct ClientNetwork: Sendable, Hashable {
    /// 4 bytes (IPv4) or 8 bytes (IPv6).
    let bytes: [UInt8]

    private static let ipv6Prefix = 8
    /// An IPv4 address in the form of an IPv6 address (RFC 4291, section 2.5.5.2) begins with these bytes.
    private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

    /// - Parameter address: an IPv4 or IPv6 address without a port.
    /// - Returns: `nil` if the text is no such address, for example because the client connected to a unix socket.
    package init?(address: String) {
        if let bytes = Self.parse(address, AF_INET, size: 4) {
            self.bytes = bytes
        } else if let bytes = Self.parse(address, AF_INET6, size: 16) {
            let isMapped = bytes.starts(with: Self.mappedPrefix)
            self.bytes = isMapped ? Array(bytes.suffix(4)) : Array(bytes.prefix(Self.ipv6Prefix))
        } else {
            return nil
        }
    }

    private static func parse(_ address: String, _ family: CInt, size: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: size)
        return inet_pton(family, address, &bytes) == 1 ? bytes : nil
    }
}

extension ClientID {
    /// The id of the anonymous clients of one network: a negative number. It is a keyed digest, so the database does not
    /// contain the addresses of clients.
    /// - Parameter secret: the secret of cache keys, which is the same on all nodes.
    init(of network: ClientNetwork, _ secret: KeyedDigest) {
        let digest = secret.make(Self.purpose + network.bytes)
        let number = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self.init(rawValue: Int64(bitPattern: number | 1 << 63))
    }

    /// No name of a task type begins with this byte, so no message of a ``CacheKey`` begins with it.
    private static let purpose: [UInt8] = [2] + Array("network of an anonymous client ".utf8)
}
