/// One address to listen on, with the servers that share it.
package struct Listener: Sendable {
    package let endpoint: Endpoint
    package private(set) var options: ListenOptions
    /// Index into `HTTPConfiguration.servers`: `default_server`, else the first that listens here.
    package private(set) var defaultServer: Int
    var hosts = HostTable()
    private var hasOptions: Bool
    private var hasChosenDefault: Bool

    init(endpoint: Endpoint, _ listen: ServerDraft.Listen, server: Int) {
        self.endpoint = endpoint
        options = listen.options
        hasOptions = listen.hasOptions
        hasChosenDefault = listen.isDefault
        defaultServer = server
    }

    /// Takes another server's `listen` with the same address.
    mutating func join(_ listen: ServerDraft.Listen, server: Int) throws(ConfigurationError) {
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
    /// - Parameter host: without its port, letters in either case; empty when the request has none.
    package func server(for host: Span<UInt8>) -> Int {
        hosts.server(for: host) ?? defaultServer
    }
}

/// The parameters of `listen` that belong to the socket.
package struct ListenOptions: Sendable, Hashable {
    /// nil = the system's maximum.
    package internal(set) var backlog: Int?
    package internal(set) var reusePort = false
    /// Whether an IPv6 socket leaves IPv4 alone.
    package internal(set) var ipv6Only = true
}
