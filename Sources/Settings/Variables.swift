/// How requests are spread over the nodes.
package enum BalancingStrategy: String, CaseIterable, Sendable {
    case roundRobin = "round-robin"
    case leastConnections = "least-connections"
}

package enum LogLevel: String, CaseIterable, Sendable {
    case trace, debug, info, notice, warning, error, critical
}

package enum LogFormat: String, CaseIterable, Sendable {
    case auto, text, json
}

/// Every variable Millrace reads.
package enum Variables {
    // The database
    package static let databaseURL = Variable<String?>.text(
        "DATABASE_URL", "the database, as a URL or libpq conninfo; wins over DB_…", isSecret: true)
    package static let databaseName = Variable<String?>.text("DB_NAME", "the database's name")
    package static let databaseUser = Variable<String?>.text("DB_USER", "the database's role")
    package static let databasePassword = Variable<String?>.text("DB_PASSWORD", "its password", isSecret: true)
    package static let databaseHost = Variable<String?>.text("DB_HOST", "its host, or a socket folder")
    package static let databasePort = Variable<Int>.integer("DB_PORT", "its port", 5432, in: 1...65535)
    package static let connectionRetries = Variable<Int>.integer(
        "DB_CONNECTION_RETRIES", "attempts to connect before a statement fails", 5, in: 0...1000)
    package static let baseBackoff = Variable<Duration>.time(
        "DB_BASE_BACKOFF", "the first wait between two attempts; it doubles", "0.5", in: 0.001...60)
    package static let connectionLimit = Variable<Int>.integer(
        "DB_USER_CONNECTION_LIMIT", "connections that one process opens to the database", 8, in: 4...1000)

    // Names
    package static let applicationName = Variable<String?>.text(
        "APP_NAME", "a node's name; default: api-HOST, under up api-1, api-2 …")
    package static let workerName = Variable<String?>.text(
        "WORKER_NAME", "a worker's name; default: worker-HOST, under up worker-1, worker-2 …")

    // The balancer
    package static let listen = Variable<[String]>.list(
        "MILLRACE_LISTEN", "addresses to listen on", ["127.0.0.1:8000"])
    package static let upstream = Variable<[String]>.list(
        "MILLRACE_UPSTREAM", "the nodes' FastCGI addresses", (1...3).map { "unix:/run/millrace/api-\($0).sock" })
    package static let strategy = Variable<BalancingStrategy>.choice(
        "LB_STRATEGY", "how requests are spread: round-robin or least-connections", .roundRobin)
    package static let rateLimitRequests = Variable<Int>.integer(
        "RATE_LIMIT_REQUESTS", "requests a client may make in a window; 0: any number", 100, in: 0...1_000_000_000)
    package static let rateLimitWindow = Variable<Duration>.time(
        "RATE_LIMIT_WINDOW", "the window", "60", in: 1...86400)
    package static let trustedProxies = Variable<[String]>.list(
        "MILLRACE_TRUSTED_PROXIES", "addresses and networks whose X-Forwarded-For is believed", [])
    package static let configurationFile = Variable<String?>.text(
        "MILLRACE_CONF", "the configuration file; default: the shipped one")
    package static let prefix = Variable<String?>.text(
        "MILLRACE_PREFIX", "the folder that relative paths start at; default: the working folder")
    package static let errorLog = Variable<String?>.text("MILLRACE_ERROR_LOG", "the error log; stderr: the terminal")
    package static let directives = Variable<String?>.text(
        "MILLRACE_DIRECTIVES", "directives for the main context, before the file")
    package static let accessLog = Variable<String?>.text("MILLRACE_ACCESS_LOG", "a file for the access log")

    // The nodes
    package static let apiListen = Variable<String>.text(
        "MILLRACE_API_LISTEN", "unix:/path, host:port, or fd:0", "127.0.0.1:9000")
    package static let apiThreads = Variable<Int?>.integer(
        "MILLRACE_API_THREADS", "threads that work on requests", default: "2 a core, at least 4", in: 1...1024)
    package static let apiConnections = Variable<Int>.integer(
        "MILLRACE_API_CONNECTIONS", "FastCGI connections held at once", 4096, in: 1...1_000_000)
    package static let webServers = Variable<[String]?>.list(
        "FCGI_WEB_SERVER_ADDRS", "addresses of the web servers that may connect over TCP; default: all")
    package static let adminToken = Variable<String?>.text(
        "MILLRACE_ADMIN_TOKEN", "what admin calls must bring as bearer token", isSecret: true)
    package static let queueLimit = Variable<Int>.integer(
        "MILLRACE_QUEUE_LIMIT", "tasks that may be queued; 0: any number", 1_000_000, in: 0...1_000_000_000_000)
    package static let cacheTTL = Variable<Duration>.time(
        "MILLRACE_CACHE_TTL", "how long a result is served from the cache", "3600", in: 0...3_153_600_000)
    package static let cacheMaxEntries = Variable<Int>.integer(
        "MILLRACE_CACHE_MAX_ENTRIES", "results kept in the cache", 1_000_000, in: 0...1_000_000_000_000)
    package static let cacheKey = Variable<String?>.text(
        "MILLRACE_CACHE_KEY", "the secret of the cache's keys; default: one the database keeps", isSecret: true)
    package static let idempotencyTTL = Variable<Duration>.time(
        "MILLRACE_IDEMPOTENCY_TTL", "how long the answer to an Idempotency-Key is kept", "1d", in: 1...3_153_600_000)
    package static let keepFailedInput = Variable<Bool>.flag(
        "MILLRACE_KEEP_FAILED_INPUT", "keep the input of failed and cancelled tasks, to try them again")
    package static let resultRetention = Variable<Duration>.time(
        "MILLRACE_RESULT_RETENTION", "how long finished tasks are kept", "7d", in: 1...3_153_600_000)

    // The workers
    package static let concurrency = Variable<Int?>.integer(
        "MILLRACE_WORKER_CONCURRENCY", "tasks computed at once", default: "the number of cores", in: 1...1024)
    package static let metrics = Variable<String?>.text(
        "MILLRACE_WORKER_METRICS", "host:port to serve Prometheus metrics on")

    // The whole system
    package static let dataFolder = Variable<String?>.text(
        "MILLRACE_DATA", "the data folder; default: .millrace, for root /var/lib/millrace")
    package static let nodeCount = Variable<Int>.integer("MILLRACE_API", "API nodes", 3, in: 1...64)
    package static let workerCount = Variable<Int>.integer("MILLRACE_WORKERS", "worker processes", 3, in: 0...64)

    // The client
    package static let url = Variable<String>.text("MILLRACE_URL", "where Millrace answers", "http://127.0.0.1:8000")
    package static let wait = Variable<Int>.integer("MILLRACE_WAIT", "seconds to wait for the result", 10, in: 0...60)
    package static let json = Variable<Bool>.flag("MILLRACE_JSON", "print JSON")

    // Logging
    package static let logLevel = Variable<LogLevel>.choice("MILLRACE_LOG_LEVEL", "the least level logged", .info)
    package static let logFormat = Variable<LogFormat>.choice(
        "MILLRACE_LOG_FORMAT", "text or json; auto: text on a terminal, else json", .auto)
}
