/// `real_ip_header`.
package enum RealIPHeader: Sendable, Hashable {
    /// Its last address counts.
    case xForwardedFor
    /// Any other header; the name in lower case.
    case named(String)
    /// The header in front of the connection.
    case proxyProtocol
}
