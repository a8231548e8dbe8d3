internal import AdminAccess
internal import Balancing
internal import NginxConfig
internal import Reactor
internal import Synchronization

/// What all loops share, and what outlives a configuration.
final class SharedState: Sendable {
    let logFiles = LogFiles()
    let logWriter = LogWriter()
    let counters: [LoopCounters]
    let adminAccess: AdminAccess
    let startedAt = MonotonicTime.current
    /// How long a request may wait when every place at the nodes is taken, and how many may.
    let queueTimeout: Duration
    let queueLimit: Int

    /// `client_max_connections`: of all loops, and over reloads. There are no more keys than connections.
    let clientConnections = ConnectionZone(name: "", size: .max)

    private struct Contents {
        var upstreams: [SharedUpstream] = []
        var zones: [String: (zone: RequestZone, key: Template, settings: LimitZone)] = [:]
        var connectionZones: [String: (zone: ConnectionZone, settings: ConnectionLimitZone)] = [:]
        /// By index.
        var logs: [LogEntry] = []
        /// Set by `/lb/strategy`; then it holds over reloads.
        var strategy: BalancingStrategy?
        var configuration: RunningConfiguration?
    }

    private struct LogEntry {
        weak var output: AccessLogOutput?
    }

    private let contents = Mutex(Contents())

    init(loops: Int, adminAccess: AdminAccess, queueTimeout: Duration, queueLimit: Int) {
        counters = (0..<loops).map { _ in LoopCounters() }
        self.adminAccess = adminAccess
        self.queueTimeout = queueTimeout
        self.queueLimit = queueLimit
    }

    var loops: Int { counters.count }

    /// The group of this name, with its present members and their state if it was there before.
    func upstream(for settings: Upstream) -> SharedUpstream {
        contents.withLock { contents in
            if let known = contents.upstreams.first(where: { $0.name == settings.name }) {
                known.take(settings)
                return known
            }
            let upstream = SharedUpstream(
                settings, index: contents.upstreams.count, loops: loops, queueLimit: queueLimit,
                strategy: contents.strategy)
            contents.upstreams.append(upstream)
            return upstream
        }
    }

    /// The zone of this name; it goes on counting if its key and rate are what they were.
    func zone(for settings: LimitZone) -> RequestZone {
        contents.withLock { contents in
            if let known = contents.zones[settings.name], known.settings == settings { return known.zone }
            let zone = RequestZone(name: settings.name, rate: settings.rate.balancing, size: settings.size)
            contents.zones[settings.name] = (zone, settings.key, settings)
            return zone
        }
    }

    func limitKey(zone name: String) -> Template {
        contents.withLock { $0.zones[name]?.key ?? Template(parts: []) }
    }

    /// The zone of this name; it goes on counting if its key is what it was.
    func connectionZone(for settings: ConnectionLimitZone) -> ConnectionZone {
        contents.withLock { contents in
            if let known = contents.connectionZones[settings.name], known.settings == settings { return known.zone }
            let zone = ConnectionZone(name: settings.name, size: settings.size)
            contents.connectionZones[settings.name] = (zone, settings)
            return zone
        }
    }

    /// Where lines of this log go; one for each path, unless its `buffer` or `flush` is another one. The index of one that
    /// nobody has any more is given to the next.
    func accessLog(for settings: AccessLog) throws(LogFiles.OpenError) -> AccessLogOutput {
        let file = try logFiles.open(settings.path)
        let size = settings.bufferSize ?? 32 * 1024
        let delay = settings.flushInterval ?? .milliseconds(100)
        return contents.withLock { contents in
            let known = contents.logs.lazy.compactMap(\.output)
                .first { $0.file === file && $0.size == size && $0.delay == delay }
            if let known { return known }
            let index = contents.logs.firstIndex { $0.output == nil } ?? contents.logs.count
            let output = AccessLogOutput(index: index, file: file, size: size, delay: delay)
            if index == contents.logs.count { contents.logs.append(LogEntry()) }
            contents.logs[index].output = output
            return output
        }
    }

    /// The configuration that new requests get.
    var configuration: RunningConfiguration? {
        get { contents.withLock { $0.configuration } }
        set { contents.withLock { $0.configuration = newValue } }
    }

    var upstreams: [SharedUpstream] { contents.withLock { $0.configuration?.upstreams ?? [] } }

    /// Of the first group: `/lb/` speaks of one strategy, which is set for all.
    var strategy: BalancingStrategy { upstreams.first?.group.strategy ?? .roundRobin }

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

extension NginxConfig.RequestRate {
    /// nginx itself counts in thousandths of a request a second; what it can say exactly is taken as it takes it.
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
