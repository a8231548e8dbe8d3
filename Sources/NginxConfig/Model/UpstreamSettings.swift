/// `upstream`, or the one-server upstream that `fastcgi_pass unix:/path` or `host:port` implies.
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

    /// What stands after `upstream` or `fastcgi_pass`.
    package let name: String
    /// Never empty.
    package internal(set) var servers: [UpstreamServer] = []
    package internal(set) var method = Method.roundRobin
    /// `keepalive`: idle connections kept per loop; nil closes each after its request.
    package internal(set) var keepalive: Int?
    /// Requests that one connection may carry.
    package internal(set) var keepaliveRequests = 1000
    /// How long a connection may carry requests; the one after that is its last.
    package internal(set) var keepaliveTime = Duration.seconds(3600)
    /// How long a connection may be idle.
    package internal(set) var keepaliveTimeout = Duration.seconds(60)
    /// nil: the balancer's own.
    package internal(set) var queue: UpstreamQueue?
    /// `resolver`, its own or that of `http`; nil: names are the system's to look up.
    package internal(set) var resolver: ResolverSettings?
    /// `resolver_timeout`; nil: that of `http`.
    package internal(set) var resolverTimeout: Duration?
    /// nil: no node is ejected.
    package internal(set) var outliers: OutlierDetectionSettings?
    package let location: SourceLocation
}

/// `queue`: what waits when every usable node has as many connections as it may have, or none is usable.
package struct UpstreamQueue: Sendable, Hashable {
    /// Requests; 0: none wait.
    package let limit: Int
    package internal(set) var timeout = Duration.seconds(60)
}

/// `server` within `upstream`. A host name stands for all the addresses it resolves to.
package struct UpstreamServer: Sendable, Hashable {
    /// The address as written, for messages.
    package let text: String
    package let endpoint: Endpoint
    /// At least 1.
    package internal(set) var weight = 1
    /// 0: failures are not counted.
    package internal(set) var maxFails = 1
    package internal(set) var failTimeout = Duration.seconds(10)
    /// `slow_start`: so long its weight grows from nothing after it was out.
    package internal(set) var slowStart = Duration.zero
    /// 0: no limit.
    package internal(set) var maxConnections = 0
    package internal(set) var isBackup = false
    package internal(set) var isDown = false
    /// `resolve`: its name may be one that has no address yet.
    package internal(set) var isResolvedAtRuntime = false
    package let location: SourceLocation
}
