internal import NginxConfig
internal import Reactor

/// A host name among an upstream's servers, and how it is resolved.
struct NameLookup: Sendable, Hashable {
    let host: String
    /// The DNS servers to ask (`resolver`). nil: the system's resolver (getaddrinfo(3)).
    let resolver: ResolverSettings?
    /// `resolver_timeout`: stop retrying the DNS servers after this time.
    let timeout: Duration

    /// How long an answer of the system's resolver is used. getaddrinfo(3) does not return a TTL.
    private static let systemLifetime = Duration.seconds(2)
    /// The minimum time that a DNS answer is used, even if its TTL is 0.
    private static let minLifetime = Duration.seconds(1)
    /// How long one DNS server may take for each record type, in seconds. Then the next server is asked.
    private static let serverTimeout = 2
    /// How long one DNS server may take for each record type, in seconds, if ``resolve(triesOnce:)`` tries only once.
    private static let singleTryTimeout = 1
    /// The pause before the servers are asked again. It is needed because a server may refuse at once.
    private static let retryPause = Duration.milliseconds(200)

    /// Looks the name up. Blocks.
    /// - Parameters:
    ///   - triesOnce: ask each DNS server only once, with a timeout of one second, instead of retrying them until
    ///     ``timeout``
    ///   - isStopped: waits for the given time. If the lookup must end, returns true before that time is over.
    /// - Throws: the last server's error. If a server says that the name does not exist, throws its error and asks no
    ///   other server.
    func resolve(
        triesOnce: Bool, isStopped: (_ within: Duration) -> Bool
    ) throws(ResolutionError) -> DNSServer.Answer {
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
                        host, ipv4: resolver.isIPv4, ipv6: resolver.isIPv6,
                        timeoutSeconds: triesOnce ? Self.singleTryTimeout : Self.serverTimeout)
                    answer.lifetime = max(resolver.validity ?? answer.lifetime, Self.minLifetime)
                    return answer
                } catch {
                    failure = error
                    // The name does not exist: another server would give the same answer.
                    if error.isFinal { throw error }
                }
            }
            if let failure, triesOnce || MonotonicTime.current - start >= timeout || isStopped(Self.retryPause) {
                throw failure
            }
        }
    }
}

extension Endpoint {
    fileprivate func dns() throws(ResolutionError) -> DNSServer {
        guard case .inet(let host, let port) = self else {
            throw ResolutionError(host: description, reason: "not an address of a DNS server")
        }
        if let address = SocketAddress(numeric: host, port: port) { return DNSServer(address) }
        guard let address = try SocketAddress.resolve(host: host, port: port).first else {
            throw ResolutionError(host: host, reason: "the DNS server's name has no address")
        }
        return DNSServer(address)
    }
}
