/// Where a client is: what `set_real_ip_from`, `allow` and `deny` name.
package enum ClientNetwork: Sendable, Hashable {
    /// 4 or 16 bytes in network order and how many leading bits count.
    case network(address: [UInt8], prefixLength: Int)
    /// Every client of a unix socket.
    case unix
}

/// `allow`, `deny`. The first whose network the client is in decides; a client in none may pass.
package struct AccessRule: Sendable, Hashable {
    package let isAllowed: Bool
    /// nil: `all`.
    package let network: ClientNetwork?
}
