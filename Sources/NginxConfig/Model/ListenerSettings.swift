/// One address to listen on, with the servers that share it.
package struct ListenerSettings: Sendable {
    package let endpoint: Endpoint
    package private(set) var options: ListenOptions
    /// Index into `HTTPConfiguration.servers`: `default_server`, else the first that listens here.
    package private(set) var defaultServer: Int
    var hosts = HostTable()
    /// A header with the client's address comes before everything else (`proxy_protocol`, of any server here).
    package private(set) var hasProxyProtocol: Bool
    /// It has parameters of a socket, and so a socket of its own.
    package private(set) var hasOptions: Bool
    private var hasChosenDefault: Bool
    private var hasSeveralServers = false
    /// The request's host decides about the server, or about variables.
    package var needsHost: Bool { hasSeveralServers || hosts.hasPatterns }
    /// It is asked with regular expressions, too.
    package var hasPatterns: Bool { hosts.hasPatterns }

    init(endpoint: Endpoint, _ listen: ServerDraft.Listen, server: Int) {
        self.endpoint = endpoint
        options = listen.options
        hasOptions = listen.hasOptions
        hasProxyProtocol = listen.hasProxyProtocol
        hasChosenDefault = listen.isDefault
        defaultServer = server
    }

    /// Takes another server's `listen` with the same address.
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

    /// Which of `HTTPConfiguration.servers` answers for a host.
    /// - Parameters:
    ///   - host: without its port, letters in either case; empty when the request has none.
    ///   - matches: whether one of `HTTPConfiguration.patterns` matches the host; asked only where patterns stand.
    package func server(for host: Span<UInt8>, matches: (Int) -> Bool = { _ in false }) -> Int {
        hosts.server(for: host, matches: matches) ?? defaultServer
    }
}

/// The parameters of `listen` that belong to the socket.
package struct ListenOptions: Sendable, Hashable {
    /// nil = the system's maximum.
    package internal(set) var backlog: Int?
    package internal(set) var reusePort = false
    /// Whether an IPv6 socket leaves IPv4 alone.
    package internal(set) var ipv6Only = true
    /// TCP keep-alive probes.
    package internal(set) var keepalive = TCPKeepalive.system
    /// Bytes of the kernel's buffers; nil = the system's.
    package internal(set) var receiveBuffer: Int?
    package internal(set) var sendBuffer: Int?
    /// A connection is taken when its first bytes are there.
    package internal(set) var isDeferred = false
    /// Connections that may be under way with their first bytes in the SYN; nil = none.
    package internal(set) var fastOpen: Int?
}

/// `so_keepalive`.
package enum TCPKeepalive: Sendable, Hashable {
    case system
    case off
    /// In seconds; nil = the system's.
    case on(idle: Int?, interval: Int?, count: Int?)
}
