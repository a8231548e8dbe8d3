package import Logging
package import Postgres
package import Threading

/// A worker's session with the queue: it owns what it claims, for exactly as long as it lives. One thread uses it.
package final class WorkerSession {
    package struct Configuration: Sendable {
        package var postgres: PostgresConfiguration
        /// Shown in the `worker` table (`WORKER_NAME`).
        package var name: String
        /// How long a result is served from the cache (`MILLRACE_CACHE_TTL`). Zero: nothing is cached.
        package var cacheTTL: Duration

        package init(postgres: PostgresConfiguration, name: String, cacheTTL: Duration = .seconds(3600)) {
            self.postgres = postgres
            self.name = name
            self.cacheTTL = cacheTTL
        }
    }

    private let configuration: Configuration

    /// Does not connect yet.
    /// - Parameter watch: of the same process; it learns this session's place in the ring of workers.
    package init(_ configuration: Configuration, watch: WorkerWatch?, logger: Logger) {
        self.configuration = configuration
    }

    /// Connects and registers; after ``QueueError/sessionLost``, again, as a new worker. One attempt: pause in between.
    package func register() throws(QueueError) { fatalError() }

    package var isRegistered: Bool { false }

    /// Stores the ends of attempts and claims new tasks, in one round trip and one commit.
    ///
    /// A completion of a task that is no longer this session's (cancelled meanwhile) stores nothing.
    /// - Parameter claim: how many tasks at most; 0 is fine.
    /// - Throws: ``QueueError/sessionLost``: nothing of it is this worker's any more, neither what was completed here nor
    ///   what it still computes. Drop all of it and register again.
    package func exchange(completed: [TaskCompletion], claim: Int) throws(QueueError) -> [ClaimedTask] { fatalError() }

    package enum Wakeup: Sendable {
        /// There may be something to claim.
        case work
        /// `wake` was signalled (and has been drained).
        case woken
        case timeout
    }

    /// Sleeps until there may be work, or until woken.
    /// - Parameters:
    ///   - upTo: at most this long. Ends by itself when a task's `run_at` comes.
    ///   - heedWork: `false`: do not wake for new work (there is no room for it).
    package func waitForWork(upTo: Duration, wake: EventFD, heedWork: Bool = true) throws(QueueError) -> Wakeup {
        fatalError()
    }

    /// Puts claimed tasks back that were not started, as if they had not been claimed.
    package func giveBack(_ tasks: [TaskID]) throws(QueueError) { fatalError() }

    /// Puts back what is still claimed, leaves the ring and disconnects.
    package func signOff() { fatalError() }
}
