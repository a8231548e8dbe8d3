package import Logging
package import Postgres
internal import Threading

/// Watches over the other workers, on a thread and a database session of its own: recovers the tasks of a dead worker,
/// and does the maintenance while this process is the leader.
package final class WorkerWatch: Sendable {
    package struct Configuration: Sendable {
        package var postgres: PostgresConfiguration
        /// How long finished tasks are kept (`MILLRACE_RESULT_RETENTION`).
        package var retention: Duration
        /// How many entries the result cache may have (`MILLRACE_CACHE_MAX_ENTRIES`). 0: no limit.
        package var cacheMaxEntries: Int
        /// Whether the input of a task that failed is kept (`MILLRACE_KEEP_FAILED_INPUT`).
        package var keepsFailedInput: Bool
        /// The pause between two rounds of maintenance.
        package var maintenanceInterval: Duration

        package init(
            postgres: PostgresConfiguration, retention: Duration = .seconds(7 * 86_400),
            cacheMaxEntries: Int = 1_000_000, keepsFailedInput: Bool = false,
            maintenanceInterval: Duration = .seconds(10)
        ) {
            self.postgres = postgres
            self.retention = retention
            self.cacheMaxEntries = cacheMaxEntries
            self.keepsFailedInput = keepsFailedInput
            self.maintenanceInterval = maintenanceInterval
        }
    }

    /// How long one wait for the neighbour's lock takes at most, while the queue is busy and while it is not
    /// (``WatchSQL``).
    private static let lockWait = (busy: Duration.milliseconds(40), quiet: Duration.milliseconds(250))

    private struct State {
        /// The id of this process's worker; 0 if it has none yet.
        var worker: Int32 = 0
        /// When this process last claimed, or was notified of work.
        var lastWork: ContinuousClock.Instant?
        /// The number of tasks that this process has claimed.
        var claimed = 0
        var isStopping = false
    }

    private let configuration: Configuration
    private let logger: Logger
    private let state = Monitor(State())
    private let thread = Monitor<NamedThread?>(nil)

    /// Starts the thread. It connects as soon as the database can be reached.
    package init(_ configuration: Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        let thread = NamedThread("queue-watch") { [self] in run() }
        self.thread.withLock { $0 = thread }
    }

    /// Ends the thread. Call it once.
    package func stop() {
        state.broadcast { $0.isStopping = true }
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    /// Sets the id of this process's worker. From now on, the watch waits for the lock of the next worker in the ring.
    func follow(_ worker: Int32) {
        state.broadcast { $0.worker = worker }
    }

    /// Records that there is work in the queue, for this process or another.
    func recordWork() {
        state.withLock { $0.lastWork = .now }
    }

    func recordClaimed(_ tasks: Int) {
        state.withLock { $0.claimed += tasks }
    }

    private var lockWait: Duration {
        let lastWork = state.withLock { $0.lastWork }
        return lastWork.map { .now - $0 < .seconds(1) } ?? false ? Self.lockWait.busy : Self.lockWait.quiet
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    private func run() {
        var link = DatabaseLink(configuration.postgres, logger: logger)
        var maintenance = Maintenance(configuration, logger: logger)
        var backoff = Backoff(base: .milliseconds(20), cap: .milliseconds(500))
        var isFailing = false
        var session = 0
        while !isStopping {
            do {
                let connection = try link.connected()
                if session != link.sessions {
                    // Recover the tasks of workers that died while no other worker watched over them.
                    try recover(try connection.execute(WatchSQL.sweep.with()).workers, connection)
                    maintenance.sessionChanged()
                    session = link.sessions
                }
                try maintenance.runIfDue(connection) { (workers) throws(PostgresError) in
                    try recover(workers, connection)
                }
                try maintenance.vacuumIfWorthwhile(claimed: state.withLock { $0.claimed }, connection)
                try watchNeighbour(connection)
                isFailing = false
                backoff.reset()
            } catch {
                if !error.isWorthAnotherRun {
                    // Log only the first of several failures. ``DatabaseOutage`` logs that the database is out of
                    // reach.
                    if !isFailing, !link.isDown, !error.isConnectionLost {
                        logger.warning("Cannot watch over the workers", metadata: ["error": "\(error)"])
                    }
                    isFailing = true
                    link.drop()
                }
                pause(for: max(link.pause, backoff.next(), .milliseconds(20)))
            }
        }
    }

    private func watchNeighbour(_ connection: PostgresConnection) throws(PostgresError) {
        let (worker, lockWait) = (state.withLock { $0.worker }, lockWait)
        let row = try connection.execute(
            WatchSQL.waitForNeighbour.with(.int4(worker), .int8(lockWait.inMicroseconds)))
        guard row.rowCount == 1 else { return pause(for: lockWait) }
        if row.bool(0, 1) == true { try recover([Int32(row.integer(0, 0) ?? 0)], connection) }
    }

    /// - Parameter workers: workers that are gone. This session holds their locks.
    private func recover(_ workers: [Int32], _ connection: PostgresConnection) throws(PostgresError) {
        for worker in workers {
            let counts = try connection.execute(
                FinishSQL.recover.with(.int4(worker), .bool(configuration.keepsFailedInput)))
            try connection.execute(WatchSQL.unlock.with(.int4(worker)))
            // If the row was gone, the worker signed off while this session waited for its lock.
            guard counts.bool(0, 2) == true else { continue }
            let (requeued, failed) = (counts.integer(0, 0) ?? 0, counts.integer(0, 1) ?? 0)
            logger.notice(
                "A worker is gone",
                metadata: ["worker.id": "\(worker)", "requeued": "\(requeued)", "failed": "\(failed)"])
        }
    }

    private func pause(for duration: Duration) {
        _ = state.wait(for: duration) { $0.isStopping ? true : nil }
    }
}

extension PostgresResult {
    /// The worker ids in the first column.
    var workers: [Int32] { (0..<rowCount).compactMap { integer($0, 0).map(Int32.init) } }
}
