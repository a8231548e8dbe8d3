/// The argument of `set_real_ip_from`, `allow` or `deny`: a set of client addresses.
package enum ClientNetwork: Sendable, Hashable {
    /// 4 or 16 bytes in network order, and the number of leading bits that are compared.
    case network(address: [UInt8], prefixLength: Int)
    /// All clients of a unix socket.
    case unix
}

/// `allow` or `deny`. The first rule that matches the client decides. If none matches, the client is allowed.
package struct AccessRule: Sendable, Hashable {
    package let isAllowed: Bool
    /// The clients that the rule applies to; nil: all clients (`all`).
    package let network: ClientNetwork?
}
