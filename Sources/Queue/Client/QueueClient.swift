package import Logging
package import Postgres

/// An API node's side of the queue.
package final class QueueClient: Sendable {
    package struct Configuration: Sendable {
        package var postgres: PostgresConfiguration
        /// Queued tasks at most, in the whole cluster (`MILLRACE_QUEUE_LIMIT`). 0: no limit.
        package var queueLimit: Int
        /// The secret of cache keys; `nil`: the one kept in the database. All nodes must agree on it.
        package var cacheSecret: [UInt8]?

        package init(postgres: PostgresConfiguration, queueLimit: Int = 1_000_000, cacheSecret: [UInt8]? = nil) {
            self.postgres = postgres
            self.queueLimit = queueLimit
            self.cacheSecret = cacheSecret
        }
    }

    private let configuration: Configuration
    private let logger: Logger

    /// Does not need the database to be up: connects when it can, and again whenever it has to.
    package init(_ configuration: Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Finishes what was handed in, answers those who wait with what is known now, and ends the threads. Once.
    package func shutdown() { fatalError() }

    /// Hands in tasks: all of them are stored, in one transaction, or none is.
    /// - Parameters:
    ///   - wait: with a single task only: answer `.finished` if it finishes within this time.
    ///   - then: called once, on a thread of the queue, after the commit. Be short there.
    package func submit(
        _ tasks: [Submission], wait: Duration?,
        then: @escaping @Sendable (Result<[SubmissionOutcome], QueueError>) -> Void
    ) { fatalError() }

    /// Looks a task up; with `wait`, answers when it is finished or the time has passed.
    /// - Parameter then: `nil`: no such task.
    package func task(
        _ id: TaskID, wait: Duration?, then: @escaping @Sendable (Result<TaskRecord?, QueueError>) -> Void
    ) { fatalError() }

    package func cancel(_ id: TaskID, then: @escaping @Sendable (Result<Cancellation, QueueError>) -> Void) {
        fatalError()
    }

    /// All completed tasks of these types, newest first. Blocks; memory does not grow with their number.
    /// - Parameters:
    ///   - after: only tasks older than this one: the last of the page before.
    ///   - row: called for each; an error it throws ends the stream and is rethrown by nobody: throw to stop.
    package func streamHashes(
        types: [String], limit: Int?, after: TaskID?, row: (HashRow) throws -> Void
    ) throws(QueueError) { fatalError() }

    /// Blocks, about 2 s at most.
    package func cacheStatistics() throws(QueueError) -> CacheStatistics { fatalError() }

    /// Blocks. Returns how many entries were removed.
    package func clearCache() throws(QueueError) -> Int { fatalError() }

    /// Blocks, about 2 s at most.
    package func isDatabaseUp() -> Bool { fatalError() }
}
