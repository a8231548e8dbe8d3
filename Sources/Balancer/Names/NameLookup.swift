internal import NginxConfig
internal import Reactor

/// A host name among an upstream's servers, and who knows what it stands for.
struct NameLookup: Sendable, Hashable {
    let host: String
    /// nil: the system (getaddrinfo(3): hosts file, DNS, whatever it is set to).
    let resolver: ResolverSettings?
    /// `resolver_timeout`
    let timeout: Duration

    /// How long what the system says is used: it does not say so itself.
    private static let systemLifetime = Duration.seconds(2)
    /// The same for an answer that says no time, or none at all.
    private static let shortestLifetime = Duration.seconds(1)
    /// How long one DNS server may take before the next one is asked.
    private static let patience = 2

    /// Blocks.
    /// - Parameter isHurried: each DNS server is asked once, for a second
    func resolve(isHurried: Bool) throws(ResolutionError) -> DNSServer.Answer {
        guard let resolver else {
            return DNSServer.Answer(
                addresses: try SocketAddress.resolve(host: host, port: 0), lifetime: Self.systemLifetime)
        }
        let start = MonotonicTime.current
        while true {
            var failure: ResolutionError?
            for server in resolver.servers {
                do throws(ResolutionError) {
                    var answer = try server.dns().resolve(
                        host, isIPv4: resolver.isIPv4, isIPv6: resolver.isIPv6, seconds: isHurried ? 1 : Self.patience)
                    answer.lifetime = max(resolver.validity ?? answer.lifetime, Self.shortestLifetime)
                    return answer
                } catch {
                    failure = error
                    // Another server would say the same.
                    if error.isFinal { throw error }
                }
            }
            if let failure, isHurried || MonotonicTime.current - start >= timeout { throw failure }
        }
    }
}

extension Endpoint {
    fileprivate func dns() throws(ResolutionError) -> DNSServer {
        guard case .inet(let host, let port) = self else {
            throw ResolutionError(host: description, reason: "is no DNS server's address")
        }
        if let address = SocketAddress(numeric: host, port: port) { return DNSServer(address) }
        guard let address = try SocketAddress.resolve(host: host, port: port).first else {
            throw ResolutionError(host: host, reason: "no address")
        }
        return DNSServer(address)
    }
}
