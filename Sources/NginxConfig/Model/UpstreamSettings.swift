/// An `upstream` block. A `fastcgi_pass` with an address (`unix:/path` or `host:port`) implies an upstream with one
/// server.
package struct Upstream: Sendable, Hashable {
    package enum Method: Sendable, Hashable {
        case roundRobin
        case leastConnections
        case leastTimeToHead
        case leastTimeToEnd
        case random
        case randomTwo
        case addressHash
        case hash(Template)
        case consistentHash(Template)
    }

    /// The argument of `upstream` or `fastcgi_pass`.
    package let name: String
    /// The servers; never empty.
    package internal(set) var servers: [UpstreamServer] = []
    package internal(set) var method = Method.roundRobin
    /// `keepalive`: the maximum number of idle connections per loop; nil: each connection is closed after its request.
    package internal(set) var keepalive: Int?
    /// The maximum number of requests on one connection.
    package internal(set) var keepaliveRequests = 1000
    /// When a connection is this old, the next request is its last.
    package internal(set) var keepaliveTime = Duration.seconds(3600)
    /// How long an idle connection stays open.
    package internal(set) var keepaliveTimeout = Duration.seconds(60)
    /// `queue`; nil: the balancer's default.
    package internal(set) var queue: UpstreamQueue?
    /// `resolver` of the upstream or of `http`; nil: the system's resolver.
    package internal(set) var resolver: ResolverSettings?
    /// `resolver_timeout` of the upstream or of `http`.
    package internal(set) var resolverTimeout: Duration?
    /// `outlier_detection`; nil: no peer is ejected.
    package internal(set) var outliers: OutlierDetectionSettings?
}

/// `queue`: requests wait while all usable peers are at `max_conns`, or while no peer is usable.
package struct UpstreamQueue: Sendable, Hashable {
    /// The maximum number of waiting requests; 0: none wait.
    package let limit: Int
    package internal(set) var timeout = Duration.seconds(60)
}

/// A `server` of an `upstream`. A host name stands for all addresses that it resolves to.
package struct UpstreamServer: Sendable, Hashable {
    /// The address as written in the file, for messages.
    package let text: String
    package let endpoint: Endpoint
    /// `weight`: the server's share of the requests, relative to the others; at least 1.
    package internal(set) var weight = 1
    /// `max_fails`; 0 if failures never make the peer unusable.
    package internal(set) var maxFails = 1
    package internal(set) var failTimeout = Duration.seconds(10)
    /// `slow_start`: how long the weight of a recovered peer grows from 0 to its full value.
    package internal(set) var slowStart = Duration.zero
    /// `max_conns`: the maximum number of connections; 0: no limit.
    package internal(set) var maxConnections = 0
    package internal(set) var isBackup = false
    package internal(set) var isDown = false
    /// `resolve`: the host name is looked up while the balancer runs. So the name need not have an address when the
    /// balancer starts.
    package internal(set) var isResolvedAtRuntime = false
    package let location: SourceLocation
}
