internal import AdminAccess
internal import Balancing
internal import NginxConfig
internal import Reactor
internal import Synchronization

/// The state that all loops share and that reloads keep: upstreams, limit zones, logs, counters.
final class SharedState: Sendable {
    let logFiles = LogFiles()
    let logWriter = LogWriter()
    let counters: [LoopCounters]
    let adminAccess: AdminAccess
    /// Whether `/lb/stats`, `/lb/rate-limits` and `/lb/metrics` need the admin token.
    let reportsNeedToken: Bool
    let startedAt = MonotonicTime.current
    /// How long a request may wait for a connection when every peer has reached its `max_conns`. An upstream's `queue`
    /// directive overrides it.
    let queueTimeout: Duration
    /// How many requests of one upstream may wait. An upstream's `queue` directive overrides it.
    let queueLimit: Int

    /// Counts the connections of each client address for `client_max_connections`, over all loops and reloads. It has
    /// no size limit: there are never more addresses than connections.
    let clientConnections = ConnectionZone(name: "", size: .max)

    private struct Contents {
        var upstreams: [SharedUpstream] = []
        var zones: [String: (zone: RequestZone, key: Template, settings: LimitZone)] = [:]
        var connectionZones: [String: (zone: ConnectionZone, settings: ConnectionLimitZone)] = [:]
        /// The outputs of access logs, by ``AccessLogOutput/index``.
        var logs: [LogEntry] = []
        /// The strategy that `/lb/strategy` has set. A reload keeps it, but if the configured method of an upstream
        /// changes, this upstream gets the new method. nil: each upstream has its configured method.
        var strategy: BalancingStrategy?
        /// The configuration that new requests use; nil until the first one is set.
        var configuration: RunningConfiguration?
    }

    private struct LogEntry {
        weak var output: AccessLogOutput?
    }

    private let contents = Mutex(Contents())

    init(
        loops: Int, adminAccess: AdminAccess, reportsNeedToken: Bool = false, queueTimeout: Duration, queueLimit: Int
    ) {
        counters = (0..<loops).map { _ in LoopCounters() }
        self.adminAccess = adminAccess
        self.reportsNeedToken = reportsNeedToken
        self.queueTimeout = queueTimeout
        self.queueLimit = queueLimit
    }

    /// The maximum number of loops in the life of the process.
    var maxLoops: Int { counters.count }

    /// The upstream of this name. If it exists already, it keeps its members and their state, and gets the new
    /// settings.
    func upstream(for settings: Upstream) -> SharedUpstream {
        contents.withLock { contents in
            if let existing = contents.upstreams.first(where: { $0.name == settings.name }) {
                existing.apply(settings)
                return existing
            }
            let upstream = SharedUpstream(
                settings, index: contents.upstreams.count, loops: maxLoops, queueLimit: queueLimit,
                strategy: contents.strategy)
            contents.upstreams.append(upstream)
            return upstream
        }
    }

    /// The `limit_req_zone` of this name. It keeps its counts if its settings have not changed.
    func zone(for settings: LimitZone) -> RequestZone {
        contents.withLock { contents in
            if let existing = contents.zones[settings.name], existing.settings == settings { return existing.zone }
            let zone = RequestZone(name: settings.name, rate: settings.rate.balancing, size: settings.size)
            contents.zones[settings.name] = (zone, settings.key, settings)
            return zone
        }
    }

    /// The key of the `limit_req_zone` of this name; empty if there is none.
    func limitKey(zone name: String) -> Template {
        contents.withLock { $0.zones[name]?.key ?? Template(parts: []) }
    }

    /// The `limit_conn_zone` of this name. It keeps its counts if its settings have not changed.
    func connectionZone(for settings: ConnectionLimitZone) -> ConnectionZone {
        contents.withLock { contents in
            if let existing = contents.connectionZones[settings.name], existing.settings == settings {
                return existing.zone
            }
            let zone = ConnectionZone(name: settings.name, size: settings.size)
            contents.connectionZones[settings.name] = (zone, settings)
            return zone
        }
    }

    /// The output for an `access_log`. Logs with the same path, `buffer` and `flush` share one output. The index of an
    /// output that no configuration uses any more is used again.
    func accessLog(for settings: AccessLog) throws(LogFiles.OpenError) -> AccessLogOutput {
        let file = try logFiles.open(settings.path)
        let bufferSize = settings.bufferSize ?? 32 * 1024
        let flushInterval = settings.flushInterval ?? .milliseconds(100)
        return contents.withLock { contents in
            let existing = contents.logs.lazy.compactMap(\.output)
                .first { $0.file === file && $0.bufferSize == bufferSize && $0.flushInterval == flushInterval }
            if let existing { return existing }
            let index = contents.logs.firstIndex { $0.output == nil } ?? contents.logs.count
            let output = AccessLogOutput(
                index: index, file: file, bufferSize: bufferSize, flushInterval: flushInterval)
            if index == contents.logs.count { contents.logs.append(LogEntry()) }
            contents.logs[index].output = output
            return output
        }
    }

    /// The configuration that new requests use.
    var configuration: RunningConfiguration? {
        get { contents.withLock { $0.configuration } }
        set { contents.withLock { $0.configuration = newValue } }
    }

    var upstreams: [SharedUpstream] { contents.withLock { $0.configuration?.upstreams ?? [] } }

    /// The strategy that the `/lb/` calls show. It is the first upstream's, because `/lb/strategy` sets one for all.
    var strategy: BalancingStrategy { upstreams.first?.group.strategy ?? .roundRobin }

    /// Sets the strategy of all upstreams. A reload keeps it, but if the configured method of an upstream changes, this
    /// upstream gets the new method.
    /// - Returns: the strategy before
    func exchangeStrategy(_ strategy: BalancingStrategy) -> BalancingStrategy {
        let (groups, old) = contents.withLock { contents in
            let old = contents.configuration?.upstreams.first?.group.strategy ?? .roundRobin
            contents.strategy = strategy
            return (contents.upstreams, old)
        }
        for upstream in groups { upstream.group.strategy = strategy }
        return old
    }
}

extension LimitRate {
    /// The rate in the limiter's form. A whole number of requests per period is rounded to thousandths of a request per
    /// second, as in nginx. A decimal number, which nginx does not allow, is rounded to millionths.
    var balancing: Balancing.RequestRate {
        if billionths % 1_000_000_000 == 0,
            let whole = Balancing.RequestRate(requests: Int(billionths / 1_000_000_000), per: Int(periodSeconds))
        {
            return whole
        }
        return Balancing.RequestRate(millionthsPerSecond: Int64(max(1, billionths / 1000 / periodSeconds)))
            ?? Balancing.RequestRate(requests: 1, per: 1)!
    }
}
