/// The values of `LB_STRATEGY`.
package enum StrategySetting: String, CaseIterable, Sendable {
    case roundRobin = "round-robin"
    case leastConnections = "least-connections"
}

/// The values of `MILLRACE_ANONYMOUS`.
package enum AnonymousSetting: String, CaseIterable, Sendable {
    case all, submit, none
}

/// The values of `MILLRACE_LOG_LEVEL`.
package enum LogLevelSetting: String, CaseIterable, Sendable {
    case trace, debug, info, notice, warning, error, critical
}

/// The values of `MILLRACE_LOG_FORMAT`.
package enum LogFormatSetting: String, CaseIterable, Sendable {
    case auto, text, json
}

/// All environment variables that Millrace reads.
package enum EnvironmentVariables {
    // The database
    package static let databaseURL = EnvironmentVariable<String?>.text(
        "DATABASE_URL", "The database, as a URL or a libpq conninfo string; overrides DB_…", isSecret: true)
    package static let databaseName = EnvironmentVariable<String?>.text("DB_NAME", "The database's name")
    package static let databaseUser = EnvironmentVariable<String?>.text("DB_USER", "The database user")
    package static let databasePassword = EnvironmentVariable<String?>.text(
        "DB_PASSWORD", "The password of the database user", isSecret: true)
    package static let databaseHost = EnvironmentVariable<String?>.text(
        "DB_HOST", "The database's host, or the folder of its unix socket")
    package static let databasePort = EnvironmentVariable<Int>.integer(
        "DB_PORT", "The database's port", 5432, in: 1...65535)
    package static let connectionRetries = EnvironmentVariable<Int>.integer(
        "DB_CONNECTION_RETRIES", "How often a failed attempt to connect is repeated", 5, in: 0...1000)
    package static let baseBackoff = EnvironmentVariable<Duration>.time(
        "DB_BASE_BACKOFF", "The maximum pause after the first failed attempt; it doubles each time", "0.5",
        in: 0.001...60)
    package static let connectionLimit = EnvironmentVariable<Int>.integer(
        "DB_USER_CONNECTION_LIMIT", "Database connections of each process", 8, in: 5...1000)

    // Names
    package static let applicationName = EnvironmentVariable<String?>.text(
        "APP_NAME", "The node's name; default: api-HOST, or with `up`: api-1, api-2 …")
    package static let workerName = EnvironmentVariable<String?>.text(
        "WORKER_NAME", "The worker's name; default: worker-HOST, or with `up`: worker-1, worker-2 …")

    // The balancer
    package static let listen = EnvironmentVariable<[String]>.list(
        "MILLRACE_LISTEN", "Addresses to listen on", ["127.0.0.1:8000"])
    package static let upstream = EnvironmentVariable<[String]>.list(
        "MILLRACE_UPSTREAM", "The nodes' FastCGI addresses", (1...3).map { "unix:/run/millrace/api-\($0).sock" })
    package static let strategy = EnvironmentVariable<StrategySetting>.choice(
        "LB_STRATEGY", "How the balancer selects a node: round-robin or least-connections", .roundRobin)
    package static let rateLimitRequests = EnvironmentVariable<Int>.integer(
        "RATE_LIMIT_REQUESTS", "Requests of one client per window; 0: no limit", 100, in: 0...1_000_000_000)
    package static let rateLimitWindow = EnvironmentVariable<Duration>.time(
        "RATE_LIMIT_WINDOW", "The window of the rate limit", "60", in: 1...86400)
    package static let trustedProxies = EnvironmentVariable<[String]>.list(
        "MILLRACE_TRUSTED_PROXIES", "Addresses and networks whose X-Forwarded-For is trusted", [])
    package static let configurationFile = EnvironmentVariable<String?>.text(
        "MILLRACE_CONF", "The configuration file; default: the built-in one")
    package static let prefix = EnvironmentVariable<String?>.text(
        "MILLRACE_PREFIX", "The folder for relative paths; default: the working folder")
    package static let errorLog = EnvironmentVariable<String?>.text(
        "MILLRACE_ERROR_LOG", "The file of the error log, or stderr")
    package static let directives = EnvironmentVariable<String?>.text(
        "MILLRACE_DIRECTIVES", "Directives for the main context; they are read before the configuration file")
    package static let accessLog = EnvironmentVariable<String?>.text(
        "MILLRACE_ACCESS_LOG", "The file of the access log")

    // The nodes
    package static let apiListen = EnvironmentVariable<String>.text(
        "MILLRACE_API_LISTEN", "The address to listen on: unix:/path, host:port or fd:0", "127.0.0.1:9000")
    package static let socketMode = EnvironmentVariable<UInt32>.mode(
        "MILLRACE_SOCKET_MODE", "The access mode of the unix socket", 0o660)
    package static let socketGroup = EnvironmentVariable<String?>.text(
        "MILLRACE_SOCKET_GROUP", "The group of the unix socket; default: the process's group")
    package static let apiThreads = EnvironmentVariable<Int?>.integer(
        "MILLRACE_API_THREADS", "Threads that serve requests", default: "2 per core, at least 4", in: 1...1024)
    package static let apiConnections = EnvironmentVariable<Int>.integer(
        "MILLRACE_API_CONNECTIONS", "Maximum number of open FastCGI connections", 4096, in: 1...1_000_000)
    package static let webServers = EnvironmentVariable<[String]?>.list(
        "FCGI_WEB_SERVER_ADDRS", "Addresses of the web servers that may connect over TCP; default: all")
    package static let adminToken = EnvironmentVariable<String?>.token(
        "MILLRACE_ADMIN_TOKEN", "The bearer token that administrative calls need; without one they are refused")
    package static let anonymous = EnvironmentVariable<AnonymousSetting>.choice(
        "MILLRACE_ANONYMOUS",
        "What clients without a key may do: all, submit (submit, and read or cancel by id) or none", .all)
    package static let queueLimit = EnvironmentVariable<Int>.integer(
        "MILLRACE_QUEUE_LIMIT", "Maximum number of queued tasks; 0: no limit", 1_000_000, in: 0...1_000_000_000_000)
    package static let cacheTTL = EnvironmentVariable<Duration>.time(
        "MILLRACE_CACHE_TTL", "How long a result stays in the cache", "3600", in: 0...3_153_600_000)
    package static let cacheMaxEntries = EnvironmentVariable<Int>.integer(
        "MILLRACE_CACHE_MAX_ENTRIES", "Maximum number of cached results; 0: no limit", 1_000_000,
        in: 0...1_000_000_000_000)
    package static let cacheKey = EnvironmentVariable<String?>.text(
        "MILLRACE_CACHE_KEY", "The secret for the cache's keys; default: one that is stored in the database",
        isSecret: true)
    package static let idempotencyTTL = EnvironmentVariable<Duration>.time(
        "MILLRACE_IDEMPOTENCY_TTL", "How long an Idempotency-Key is stored", "1d", in: 1...3_153_600_000)
    package static let keepFailedInput = EnvironmentVariable<Bool>.flag(
        "MILLRACE_KEEP_FAILED_INPUT",
        "Keep the input of failed and cancelled tasks, so that a retry need not send it again")
    package static let resultRetention = EnvironmentVariable<Duration>.time(
        "MILLRACE_RESULT_RETENTION", "How long finished tasks are stored", "7d", in: 1...3_153_600_000)

    // The workers
    package static let concurrency = EnvironmentVariable<Int?>.integer(
        "MILLRACE_WORKER_CONCURRENCY", "Tasks that run at the same time", default: "the number of cores", in: 1...1024)
    package static let metrics = EnvironmentVariable<String?>.text(
        "MILLRACE_WORKER_METRICS", "The host:port that serves Prometheus metrics")

    // The whole system
    package static let dataFolder = EnvironmentVariable<String?>.text(
        "MILLRACE_DATA", "The data folder; default: .millrace, for root /var/lib/millrace")
    package static let nodeCount = EnvironmentVariable<Int>.integer(
        "MILLRACE_API", "Number of API nodes", 3, in: 1...64)
    package static let workerCount = EnvironmentVariable<Int>.integer(
        "MILLRACE_WORKERS", "Number of workers", 3, in: 0...64)

    package static let user = EnvironmentVariable<String?>.text(
        "MILLRACE_USER",
        "The user that root's processes change to, except PostgreSQL; default: millrace with `up`, otherwise nobody")

    // The client
    package static let url = EnvironmentVariable<String>.text(
        "MILLRACE_URL", "The server's URL", "http://127.0.0.1:8000")
    package static let key = EnvironmentVariable<String?>.text(
        "MILLRACE_KEY", "The client's key, or the admin token", isSecret: true)
    package static let wait = EnvironmentVariable<Int>.integer(
        "MILLRACE_WAIT", "Seconds to wait for the result", 10, in: 0...60)
    package static let json = EnvironmentVariable<Bool>.flag("MILLRACE_JSON", "Print the result as JSON")

    // Logging
    package static let logLevel = EnvironmentVariable<LogLevelSetting>.choice(
        "MILLRACE_LOG_LEVEL", "The minimum level of log lines", .info)
    package static let logFormat = EnvironmentVariable<LogFormatSetting>.choice(
        "MILLRACE_LOG_FORMAT", "The log format: text, json, or auto (text on a terminal, otherwise json)", .auto)
}
