internal import Logging
internal import Postgres

/// The regular maintenance, which one worker of the cluster does: the leader, whose watch holds the leader's lock.
struct Maintenance {
    /// How many expired or surplus rows one statement removes at most.
    private static let batchSize = 5000
    /// How many days get their partition before they begin.
    private static let daysAhead = 3
    private static let partitionInterval = Duration.seconds(600)
    /// How many tasks are claimed between two vacuums of the queue at least.
    private static let vacuumInterval = 5000
    /// Above this size of the queue's table, in bytes, vacuums are left to autovacuum, because a vacuum here would
    /// delay the watch over the neighbour.
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

    /// The leader's lock is gone with the old session.
    mutating func sessionChanged() {
        isLeader = false
        nextRound = .now
        nextPartitions = .now
    }

    /// - Parameter recover: called with workers that turn out to be gone. The session holds their locks then.
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
        // The ring finds a dead worker at once. This finds those that the ring missed while it changed.
        try recover(try connection.execute(WatchSQL.sweep.with()).workers)
        try tidyCache(connection)
        try removeExpired(IdempotencySQL.removeExpired, connection)
        if now >= nextPartitions {
            nextPartitions = now + Self.partitionInterval
            let partitions = Partitions(connection, logger: logger)
            // The clock of the database, which also made the times in it. A wrong clock of a worker must not delete
            // results.
            guard let time = try connection.execute(WatchSQL.time.with()).timestamp(0, 0) else { return }
            try partitions.make(from: CivilDay(time), days: Self.daysAhead + 1)
            try partitions.drop(finishedBefore: time.advanced(by: .zero - configuration.retention))
        }
    }

    /// A claim steps over the index entries of all tasks that were claimed before, until a vacuum removes them.
    /// Autovacuum runs every 10 s at best, and until then that can be 100,000 entries. So the leader runs a vacuum as
    /// soon as it has claimed enough tasks itself, but for a twentieth of the time at most.
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
