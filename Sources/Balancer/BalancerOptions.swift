package import NginxConfig

/// What a balancer is started with.
package struct BalancerOptions: Sendable {
    /// Reads the configuration and checks what needs the system: patterns, upstreams' names: at the start, and again at each reload.
    package var load: @Sendable () -> Result<NginxConfiguration, ConfigurationError>
    /// For `POST /lb/strategy`; nil: loopback clients only.
    package var adminToken: String?
    /// Where the pid goes; nil: nowhere. Absolute, or relative to the working directory.
    package var pidFile: String?
    /// Threads; nil: `worker_processes`.
    package var workers: Int?
    /// When every place at the nodes is taken: how long a request waits for one, and how many may wait.
    package var queueTimeout = Duration.seconds(10)
    package var queueLimit = 4096

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

    /// nginx's `-c`, `-p` and `-g`.
    package init(path: String, prefix: String, directives: String? = nil) {
        self.init {
            Result { () throws(ConfigurationError) in
                try NginxConfiguration.load(path: path, prefix: prefix, directives: directives, files: .system)
            }
        }
    }

    /// A text that is at hand; `name` is what messages call it.
    package init(text: String, name: String, prefix: String, directives: String? = nil) {
        self.init {
            Result { () throws(ConfigurationError) in
                try NginxConfiguration.load(
                    text: Array(text.utf8), path: name, prefix: prefix, directives: directives, files: .system)
            }
        }
    }
}

/// Why a balancer does not start, or keeps its old configuration. In nginx's words.
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
