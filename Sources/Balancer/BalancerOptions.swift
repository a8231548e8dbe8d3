package import NginxConfig

/// The options that a balancer is started with.
package struct BalancerOptions: Sendable {
    /// Reads and checks the configuration, at the start and at each reload.
    package var load: @Sendable () -> Result<NginxConfiguration, ConfigurationError>
    /// The token that administrative calls need. nil: they are refused.
    package var adminToken: String?
    /// Whether `/lb/stats`, `/lb/rate-limits` and `/lb/metrics` need the admin token too.
    package var reportsNeedToken = false
    /// The file for the process id, absolute or relative to the working directory. nil: no file is written.
    package var pidFile: String?
    /// If root starts the balancer and the configuration has no `user`, the balancer changes to this user. nil: it
    /// stays root.
    package var defaultUser: String?
    /// Number of loops, each on its own thread. nil: `worker_processes`.
    package var workers: Int?
    /// How long a request may wait for a connection when every peer has reached its `max_conns`. An upstream's `queue`
    /// directive overrides it.
    package var queueTimeout = Duration.seconds(10)
    /// How many requests of one upstream may wait. An upstream's `queue` directive overrides it.
    package var queueLimit = 4096

    /// - Parameter load: reads the configuration. Afterwards, the balancer also checks the patterns, the health checks
    ///   and the upstreams' host names in this configuration.
    package init(load: @escaping @Sendable () -> Result<NginxConfiguration, ConfigurationError>) {
        self.load = {
            load().flatMap { configuration in
                Result { () throws(ConfigurationError) in
                    try configuration.checkPatterns()
                    try configuration.checkHealthChecks()
                    try configuration.checkUpstreamNames()
                    return configuration
                }
            }
        }
    }

    /// The configuration is a file. The parameters are nginx's options `-c`, `-p` and `-g`.
    package init(path: String, prefix: String, directives: String? = nil) {
        self.init {
            Result { () throws(ConfigurationError) in
                try NginxConfiguration.load(path: path, prefix: prefix, directives: directives, files: .system)
            }
        }
    }

    /// The configuration is a text in memory. Messages use `name` as its file name.
    package init(text: String, name: String, prefix: String, directives: String? = nil) {
        self.init {
            Result { () throws(ConfigurationError) in
                try NginxConfiguration.load(
                    text: Array(text.utf8), path: name, prefix: prefix, directives: directives, files: .system)
            }
        }
    }
}

/// Why a balancer does not start, or refuses a new configuration. The descriptions are in nginx's words.
package enum BalancerError: Error, CustomStringConvertible {
    case configuration(ConfigurationError)
    /// The configuration has no `http` block with a server.
    case nothingToServe
    /// For example `bind() to 127.0.0.1:80 failed (98: Address already in use)`.
    case system(String)

    package var description: String {
        switch self {
        case .configuration(let error): "\(error)"
        case .nothingToServe: "no \"server\" is configured"
        case .system(let text): text
        }
    }
}
