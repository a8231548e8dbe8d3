/// How to connect to the database.
package struct PostgresConfiguration: Sendable {
    /// A URL (`postgresql://…`) or a list of `key=value`, as libpq accepts it. It may contain a password, so it is
    /// never logged.
    package var connectionString: String
    /// The process's name in `pg_stat_activity`.
    package var applicationName: String
    /// Maximum number of connections of this process (`DB_USER_CONNECTION_LIMIT`).
    package var connectionLimit: Int
    /// How often a failed attempt to connect is repeated (`DB_CONNECTION_RETRIES`).
    package var connectionRetries: Int
    /// The maximum pause after the first failed attempt to connect (`DB_BASE_BACKOFF`). The maximum doubles with each
    /// further attempt; the pause itself is random.
    package var baseBackoff: Duration
    /// The timeout of one attempt to connect.
    package var connectTimeout: Duration
    /// The timeout of one statement. If the answer takes longer, the connection counts as lost.
    package var responseTimeout: Duration

    package init(
        connectionString: String, applicationName: String = "millrace", connectionLimit: Int = 8,
        connectionRetries: Int = 5, baseBackoff: Duration = .milliseconds(500),
        connectTimeout: Duration = .seconds(2), responseTimeout: Duration = .seconds(30)
    ) {
        self.connectionString = connectionString
        self.applicationName = applicationName
        self.connectionLimit = connectionLimit
        self.connectionRetries = connectionRetries
        self.baseBackoff = baseBackoff
        self.connectTimeout = connectTimeout
        self.responseTimeout = responseTimeout
    }
}
