/// How to reach the database, and how hard to try.
package struct PostgresConfiguration: Sendable {
    /// A URL (`postgresql://…`) or a list of `key=value`, as libpq takes it. It may hold a password: never logged.
    package var connectionString: String
    /// What `pg_stat_activity` shows.
    package var applicationName: String
    /// How many connections this process opens at most (`DB_USER_CONNECTION_LIMIT`).
    package var connectionLimit: Int
    /// How often a connection is tried again (`DB_CONNECTION_RETRIES`).
    package var connectionRetries: Int
    /// The ceiling of the first pause between two tries; it doubles with each (`DB_BASE_BACKOFF`).
    package var baseBackoff: Duration
    /// For one attempt to connect.
    package var connectTimeout: Duration
    /// For the answer to one statement; a connection that takes longer is given up as lost.
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
