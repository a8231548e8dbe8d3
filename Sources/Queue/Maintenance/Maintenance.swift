internal import Logging
internal import Postgres

/// The regular maintenance. Only one worker of the cluster does it: the leader, whose ``WorkerWatch`` holds the
/// leader's lock.
struct Maintenance {
    /// The maximum number of expired or surplus rows that one statement removes.
    private static let batchSize = 5000
    /// Partitions are created this many days in advance.
    private static let daysAhead = 3
    private static let partitionInterval = Duration.seconds(600)
    /// The minimum number of tasks that are claimed between two vacuums of the queue.
    private static let vacuumInterval = 5000
    /// The maximum size of the queue's table, in bytes, for a vacuum by this thread. A vacuum of a larger table would
    /// delay the watch over the neighbour, so only autovacuum cleans it.
    private static let vacuumLimit = 64 << 20

    private let configuration: WorkerWatch.Configuration
    private let logger: Logger
    private let slot = Int16.random(in: 0...255)
    private var isLeader = false
    private var nextRound = ContinuousClock.now
    private var nextPartitions = ContinuousClock.now
    private var nextVacuum = ContinuousClock.now
    /// How many tasks this process had claimed at the last vacuum.
    private var vacuumedAt = 0

    init(_ configuration: WorkerWatch.Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// The session was replaced, so the leader's lock is lost.
    mutating func sessionChanged() {
        isLeader = false
        nextRound = .now
        nextPartitions = .now
    }

    /// - Parameter recover: called with the dead workers that were found. The session holds their locks.
    mutating func runIfDue(
        _ connection: PostgresConnection, recover: ([Int32]) throws(PostgresError) -> Void
    ) throws(PostgresError) {
        let now = ContinuousClock.now
        guard now >= nextRound else { return }
        nextRound = now + configuration.maintenanceInterval
        if !isLeader {
            isLeader = try connection.execute(WatchSQL.becomeLeader.with()).bool(0, 0) == true
            guard isLeader else { return }
            logger.info("Became the leader, which does the maintenance")
        }
        // The ring of workers finds a dead worker at once, but may miss it while the ring changes. This query finds the
        // missed ones.
        try recover(try connection.execute(WatchSQL.sweep.with()).workers)
        try tidyCache(connection)
        try removeExpired(IdempotencySQL.removeExpired, connection)
        if now >= nextPartitions {
            nextPartitions = now + Self.partitionInterval
            let partitions = Partitions(connection, logger: logger)
            // Use the clock of the database, which also made the stored times. A worker with a wrong clock must not
            // delete results.
            guard let time = try connection.execute(WatchSQL.time.with()).timestamp(0, 0) else { return }
            try partitions.make(from: CivilDay(time), days: Self.daysAhead + 1)
            try partitions.drop(finishedBefore: time.advanced(by: .zero - configuration.retention))
        }
    }

    /// Runs a vacuum if this process has claimed enough tasks since the last one.
    ///
    /// A claim steps over the index entries of all tasks that were claimed before, until a vacuum removes them.
    /// Autovacuum runs every 10 s at best, and by then there can be 100,000 such entries. The leader spends at most a
    /// twentieth of its time on these vacuums.
    mutating func vacuumIfWorthwhile(claimed: Int, _ connection: PostgresConnection) throws(PostgresError) {
        let start = ContinuousClock.now
        guard isLeader, claimed - vacuumedAt >= Self.vacuumInterval, start >= nextVacuum else { return }
        vacuumedAt = claimed
        let size = try connection.execute(WatchSQL.queueSize.with()).integer(0, 0) ?? 0
        if size <= Self.vacuumLimit { try connection.execute(text: WatchSQL.vacuum) }
        nextVacuum = .now + (ContinuousClock.now - start) * 20
    }

    private func removeExpired(
        _ statement: PostgresStatement, _ connection: PostgresConnection
    ) throws(PostgresError) {
        let batch = PostgresValue.int8(Int64(Self.batchSize))
        while try connection.execute(statement.with(batch)).affectedRows == Self.batchSize {}
    }

    private func tidyCache(_ connection: PostgresConnection) throws(PostgresError) {
        try removeExpired(CacheSQL.removeExpired, connection)
        let limit = configuration.cacheMaxEntries
        guard limit > 0 else { return }
        var surplus = (try connection.execute(CacheSQL.count.with()).integer(0, 0) ?? 0) - limit
        while surplus > 0 {
            let size = min(surplus, Self.batchSize)
            try connection.execute(CacheSQL.evict.with(.int8(Int64(size)), .int2(slot)))
            surplus -= size
        }
    }
}
