/// How the client's address is found behind another proxy (ngx_http_realip_module).
package struct RealIPSettings: Sendable, Hashable {
    /// `set_real_ip_from`: the proxies whose header is trusted.
    package internal(set) var trustedProxies: [ClientNetwork] = []
    /// `real_ip_header`
    package internal(set) var header = RealIPHeader.named("x-real-ip")
    /// `real_ip_recursive`. If true, the client's address is the last address in the header that is not a trusted
    /// proxy; if false, the last address.
    package internal(set) var isRecursive = false
}

/// `real_ip_header`
package enum RealIPHeader: Sendable, Hashable {
    /// `X-Forwarded-For`, a list of addresses. ``RealIPSettings/isRecursive`` says which one is used.
    case xForwardedFor
    /// Any other header; the name in lower case.
    case named(String)
    /// The header of the PROXY protocol, at the start of the connection.
    case proxyProtocol
}
