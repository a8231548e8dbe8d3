internal import Logging
internal import Postgres

/// The partitions of `finished_task`: one per day, named after the day, and bounded by the ids that are made on that
/// day.
///
/// The partition of a finished task follows from its id, that is, from the day on which it was submitted. Old tasks are
/// removed by dropping whole partitions. A DELETE of the rows would cost as much as inserting them, and leave dead rows
/// behind. Only the few rows in the default partition are deleted.
struct Partitions {
    private let connection: PostgresConnection
    private let logger: Logger

    init(_ connection: PostgresConnection, logger: Logger) {
        self.connection = connection
        self.logger = logger
    }

    /// Creates the partitions that are missing. Rows of these days are moved from the default partition to the new one.
    func make(from first: CivilDay, days: Int) throws(PostgresError) {
        let present = Set(try all())
        var day = first
        for _ in 0..<days {
            if !present.contains(day) { try make(day) }
            day = day.next
        }
    }

    /// Drops the partitions whose tasks all finished before `time`. If a task of such a day is still unfinished (it may
    /// be postponed for years), it will go to the default partition when it finishes. From the default partition, the
    /// rows that finished before `time` are deleted.
    func drop(finishedBefore time: Timestamp) throws(PostgresError) {
        try connection.execute(
            "DELETE FROM finished_task_default WHERE completed_at < $1", .timestamptz(time.microseconds))
        for day in try all() where day.next.start <= time {
            let inUse = try connection.execute(
                "SELECT EXISTS (SELECT FROM \(name(of: day)) WHERE completed_at >= $1)",
                .timestamptz(time.microseconds))
            if inUse.bool(0, 0) == true { continue }
            // DROP TABLE locks the whole parent table for a moment. If it does not get the lock, a later round tries
            // again.
            try attempt("DROP TABLE \(name(of: day))", day)
        }
    }

    private func all() throws(PostgresError) -> [CivilDay] {
        let names = try connection.execute(
            """
            SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'finished_task'::regclass
            """)
        return (0..<names.rowCount).compactMap { names.text($0, 0).flatMap(day(ofName:)) }.sorted {
            $0.daysSince1970 < $1.daysSince1970
        }
    }

    /// Creates the table first and then attaches it, because this takes no lock that statements on the parent table
    /// wait for. Because of the CHECK constraint, ATTACH need not verify each row.
    private func make(_ day: CivilDay) throws(PostgresError) {
        let name = name(of: day)
        let (low, high) = bounds(of: day)
        let range = "id >= '\(low)' AND id < '\(high)'"
        try attempt(
            """
            CREATE TABLE \(name) (LIKE finished_task INCLUDING ALL, CONSTRAINT day CHECK (\(range)));
            LOCK TABLE finished_task_default IN ACCESS EXCLUSIVE MODE;
            WITH moved AS (DELETE FROM finished_task_default WHERE \(range) RETURNING *)
            INSERT INTO \(name) SELECT * FROM moved;
            ALTER TABLE finished_task ATTACH PARTITION \(name) FOR VALUES FROM ('\(low)') TO ('\(high)');
            ALTER TABLE \(name) DROP CONSTRAINT day
            """, day)
    }

    /// Runs all statements or none. It waits at most 1 s for a lock, because while it waits, other sessions have to
    /// wait for the table, too.
    private func attempt(_ statements: String, _ day: CivilDay) throws(PostgresError) {
        do {
            try connection.execute(text: "BEGIN; SET LOCAL lock_timeout = '1s'; \(statements); COMMIT")
            logger.info("Changed the partitions of finished tasks", metadata: ["partition": "\(name(of: day))"])
        } catch {
            if error.isConnectionLost { throw error }
            try connection.execute(text: "ROLLBACK")
            logger.warning(
                "Cannot change the partitions of finished tasks now",
                metadata: ["partition": "\(name(of: day))", "error": "\(error)"])
        }
    }

    private func bounds(of day: CivilDay) -> (low: TaskID, high: TaskID) {
        (TaskID(lowestAt: day.start), TaskID(lowestAt: day.next.start))
    }

    private static let prefix = "finished_task_"

    private func name(of day: CivilDay) -> String {
        Self.prefix + day.start.description.prefix(10).filter { $0 != "-" }
    }

    private func day(ofName name: String) -> CivilDay? {
        guard name.hasPrefix(Self.prefix), let digits = Int64(name.dropFirst(Self.prefix.count)) else { return nil }
        return CivilDay(year: digits / 10_000, month: digits / 100 % 100, day: digits % 100)
    }
}
