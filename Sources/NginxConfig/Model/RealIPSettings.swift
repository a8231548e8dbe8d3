/// How the client's address is found behind another proxy (ngx_http_realip_module).
package struct RealIPSettings: Sendable, Hashable {
    /// `set_real_ip_from`: the proxies whose header is trusted.
    package internal(set) var trustedProxies: [ClientNetwork] = []
    /// `real_ip_header`
    package internal(set) var header = RealIPHeader.named("x-real-ip")
    /// `real_ip_recursive`: take the last address that is not a trusted proxy. Otherwise take the last one.
    package internal(set) var isRecursive = false
}

/// `real_ip_header`
package enum RealIPHeader: Sendable, Hashable {
    /// `X-Forwarded-For`, of which the last address counts.
    case xForwardedFor
    /// Any other header; the name in lower case.
    case named(String)
    /// The header of the PROXY protocol, at the start of the connection.
    case proxyProtocol
}
