/// A configuration that has been read, checked and merged.
package struct NginxConfiguration: Sendable {
    package internal(set) var main: MainSettings
    package internal(set) var events: EventsSettings
    /// The `http` block; nil if there is none.
    package internal(set) var http: HTTPConfiguration?
    /// All files, in the order in which they were read.
    package internal(set) var files: [ConfigurationFile]
    /// The messages that nginx prints as `[warn]`.
    package internal(set) var warnings: [ConfigurationError]
}

/// The main context.
package struct MainSettings: Sendable, Hashable {
    package enum WorkerProcesses: Sendable, Hashable {
        case auto
        case count(Int)
    }

    package internal(set) var workerProcesses = WorkerProcesses.count(1)
    /// `pid`; nil: the caller's default.
    package internal(set) var pidFile: String?
    /// `daemon`; nil if it is not set, which means `on` in nginx.
    package internal(set) var daemon: Bool?
    package internal(set) var user: String?
    package internal(set) var group: String?
    /// `worker_rlimit_nofile`: the maximum number of open descriptors; nil: the system's limit.
    package internal(set) var descriptorLimit: Int?
    /// `worker_shutdown_timeout`: how long a graceful shutdown waits for active requests; nil or zero: no limit.
    package internal(set) var shutdownTimeout: Duration?
    /// The error logs of the main context. If there are none, the caller uses its default.
    package internal(set) var errorLogs: [ErrorLog] = []
}

/// The `events` context.
package struct EventsSettings: Sendable, Hashable {
    /// The maximum number of client connections of one worker.
    package internal(set) var workerConnections = 512
}

/// The `http` context.
package struct HTTPConfiguration: Sendable {
    package internal(set) var servers: [Server] = []
    package internal(set) var listeners: [ListenerSettings] = []
    package internal(set) var upstreams: [Upstream] = []
    /// `resolver`
    package internal(set) var resolver: ResolverSettings?
    /// `resolver_timeout`
    package internal(set) var resolverTimeout = Duration.seconds(30)
    package internal(set) var maps: [VariableMap] = []
    /// All regular expressions. Other settings refer to one by its index.
    package internal(set) var patterns: [PatternText] = []
    package internal(set) var limitZones: [LimitZone] = []
    package internal(set) var connectionZones: [ConnectionLimitZone] = []
    var logFormats: [LogFormat] = []
    /// The folders for temporary files, as absolute paths. The balancer creates those that do not exist.
    package internal(set) var temporaryFolders: Set<String> = []
}

/// A file of the configuration, with its contents.
package struct ConfigurationFile: Sendable, Hashable {
    package let path: String
    package let bytes: [UInt8]
}
