package import Logging
package import Postgres

/// Watches over the other workers, on a thread and a database session of its own: recovers what a dead one held, and
/// does the maintenance while it is the leader.
package final class WorkerWatch: Sendable {
    package struct Configuration: Sendable {
        package var postgres: PostgresConfiguration
        /// How long finished tasks are kept (`MILLRACE_RESULT_RETENTION`).
        package var retention: Duration
        /// Entries of the result cache at most (`MILLRACE_CACHE_MAX_ENTRIES`). 0: no limit.
        package var cacheMaxEntries: Int

        package init(
            postgres: PostgresConfiguration, retention: Duration = .seconds(7 * 86_400),
            cacheMaxEntries: Int = 1_000_000
        ) {
            self.postgres = postgres
            self.retention = retention
            self.cacheMaxEntries = cacheMaxEntries
        }
    }

    private let configuration: Configuration

    /// Starts the thread; it connects as soon as the database can be reached.
    package init(_ configuration: Configuration, logger: Logger) {
        self.configuration = configuration
    }

    /// Ends the thread. Once.
    package func stop() { fatalError() }
}
