/// A configuration read, checked, and merged: what a balancer runs on.
package struct NginxConfiguration: Sendable {
    package internal(set) var main: MainSettings
    package internal(set) var events: EventsSettings
    /// nil without an `http` block.
    package internal(set) var http: HTTPConfiguration?
    /// Every file read, in order.
    package internal(set) var files: [ConfigurationFile]
    /// What nginx would print as `[warn]`.
    package internal(set) var warnings: [ConfigurationError]
}

/// The main context.
package struct MainSettings: Sendable, Hashable {
    package enum WorkerProcesses: Sendable, Hashable {
        case auto
        case count(Int)
    }

    package internal(set) var workerProcesses = WorkerProcesses.count(1)
    /// nil = the caller's default.
    package internal(set) var pidFile: String?
    /// nil = not said; nginx takes it as on.
    package internal(set) var daemon: Bool?
    package internal(set) var user: String?
    package internal(set) var group: String?
    /// `worker_rlimit_nofile`: descriptors of this process; nil = as many as the system lets it have.
    package internal(set) var descriptorLimit: Int?
    /// `worker_shutdown_timeout`: how long requests under way may take to end; nil or zero = for ever.
    package internal(set) var shutdownTimeout: Duration?
    /// Empty = the caller's default.
    package internal(set) var errorLogs: [ErrorLog] = []
}

/// The `events` context.
package struct EventsSettings: Sendable, Hashable {
    /// Connections of one worker, clients and nodes together.
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
    /// The regular expressions of server names, locations, conditions and maps.
    package internal(set) var patterns: [PatternText] = []
    package internal(set) var limitZones: [LimitZone] = []
    package internal(set) var connectionZones: [ConnectionLimitZone] = []
    package internal(set) var logFormats: [LogFormat] = []
    /// Absolute paths; they are made where they are not there.
    package internal(set) var temporaryFolders: Set<String> = []
}

/// A file that went into the configuration.
package struct ConfigurationFile: Sendable, Hashable {
    package let path: String
    package let bytes: [UInt8]
}
