/// `set_real_ip_from`: whose word on the client's address is taken.
package enum TrustedSource: Sendable, Hashable {
    /// A network: 4 or 16 bytes in network order and how many leading bits count.
    case network(address: [UInt8], prefixLength: Int)
    /// Every client of a unix socket.
    case unix
}

/// `real_ip_header`.
package enum RealIPHeader: Sendable, Hashable {
    /// Its last address counts.
    case xForwardedFor
    /// Any other header; the name in lower case.
    case named(String)
}
