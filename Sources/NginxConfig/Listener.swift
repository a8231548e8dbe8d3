/// One address to listen on, with the servers that share it.
package struct Listener: Sendable {
    package let endpoint: Endpoint
    package internal(set) var options = ListenOptions()
    /// Index into `HTTPConfiguration.servers`: `default_server`, else the first that listens here.
    package internal(set) var defaultServer: Int
    var hosts = HostTable()

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
