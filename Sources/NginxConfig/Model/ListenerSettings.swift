/// One `listen` address, and the servers that share it.
package struct ListenerSettings: Sendable {
    package let endpoint: Endpoint
    package private(set) var options: ListenOptions
    /// Index into `HTTPConfiguration.servers`: the `default_server`; without one, the first server of the address.
    package private(set) var defaultServer: Int
    var hosts = HostTable()
    /// Whether connections start with a PROXY protocol header, because a `listen` of the address has `proxy_protocol`.
    package private(set) var hasProxyProtocol: Bool
    /// Whether any `listen` of the address has socket options. If so, the address needs a socket of its own.
    package private(set) var hasOptions: Bool
    private var hasChosenDefault: Bool
    private var hasSeveralServers = false
    /// Whether the host of a request has an effect: it chooses the server, or sets variables.
    package var needsHost: Bool { hasSeveralServers || hosts.hasPatterns }
    /// Whether the host is matched by regular expressions too.
    package var hasPatterns: Bool { hosts.hasPatterns }

    init(endpoint: Endpoint, _ listen: ServerDraft.Listen, server: Int) {
        self.endpoint = endpoint
        options = listen.options
        hasOptions = listen.hasOptions
        hasProxyProtocol = listen.hasProxyProtocol
        hasChosenDefault = listen.isDefault
        defaultServer = server
    }

    /// Merges another server's `listen` with the same address.
    mutating func join(_ listen: ServerDraft.Listen, server: Int) throws(ConfigurationError) {
        hasSeveralServers = true
        hasProxyProtocol = hasProxyProtocol || listen.hasProxyProtocol
        if listen.hasOptions {
            if hasOptions { throw ConfigurationError("duplicate listen options for \(endpoint)", at: listen.location) }
            hasOptions = true
            options = listen.options
        }
        if listen.isDefault {
            if hasChosenDefault {
                throw ConfigurationError("a duplicate default server for \(endpoint)", at: listen.location)
            }
            hasChosenDefault = true
            defaultServer = server
        }
    }

    /// Chooses the server for a host.
    /// - Returns: index into `HTTPConfiguration.servers`
    /// - Parameters:
    ///   - host: without its port, in any letter case; empty if the request has none
    ///   - matches: whether the regular expression at an index of `HTTPConfiguration.patterns` matches the host; called
    ///     only if the listener has regular expressions
    package func server(for host: Span<UInt8>, matches: (Int) -> Bool = { _ in false }) -> Int {
        hosts.server(for: host, matches: matches) ?? defaultServer
    }
}

/// The socket options of `listen`.
package struct ListenOptions: Sendable, Hashable {
    /// `backlog=`; nil: the system's maximum.
    package internal(set) var backlog: Int?
    package internal(set) var reusePort = false
    /// Whether an IPv6 socket refuses IPv4 connections.
    package internal(set) var ipv6Only = true
    /// `so_keepalive`: TCP keep-alive probes.
    package internal(set) var keepalive = TCPKeepalive.system
    /// `rcvbuf`: the size of the kernel's receive buffer, in bytes; nil: the system's default.
    package internal(set) var receiveBuffer: Int?
    /// `sndbuf`: the size of the kernel's send buffer, in bytes; nil: the system's default.
    package internal(set) var sendBuffer: Int?
    /// `deferred`: a connection is accepted when its first bytes have arrived (`TCP_DEFER_ACCEPT`).
    package internal(set) var isDeferred = false
    /// `fastopen`: the queue length of TCP Fast Open; nil: off.
    package internal(set) var fastOpen: Int?
}

/// `so_keepalive`.
package enum TCPKeepalive: Sendable, Hashable {
    case system
    case off
    /// `idle` and `interval` are in seconds; nil: the system's default.
    case on(idle: Int?, interval: Int?, count: Int?)
}
