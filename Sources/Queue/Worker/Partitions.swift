internal import Logging
internal import Postgres

/// The days of `finished_task`: a partition each, named after the day, bounded by the ids that day can make.
///
/// A finished task is filed by its id, that is by the day it was submitted. Retention drops whole days: a DELETE of as
/// many rows would cost as much as inserting them did, and leave the space to be cleaned up. Only the few that found no
/// day of theirs are deleted.
struct Partitions {
    private let connection: PostgresConnection
    private let logger: Logger

    init(_ connection: PostgresConnection, logger: Logger) {
        self.connection = connection
        self.logger = logger
    }

    /// Makes the days that are missing. Rows of such a day that were finished before wait in the default partition, and
    /// move.
    func make(from first: CivilDay, days: Int) throws(PostgresError) {
        let present = Set(try all())
        var day = first
        for _ in 0..<days {
            if !present.contains(day) { try make(day) }
            day = day.next
        }
    }

    /// Drops the days whose finished tasks all finished before `time`. A task of such a day that is still unfinished (put
    /// off for years, perhaps) ends up in the default partition; what is there longer than `time` is deleted.
    func drop(finishedBefore time: Timestamp) throws(PostgresError) {
        try connection.execute(
            "DELETE FROM finished_task_default WHERE completed_at < $1", .timestamptz(time.microseconds))
        for day in try all() where day.next.start <= time {
            let inUse = try connection.execute(
                "SELECT EXISTS (SELECT FROM \(name(of: day)) WHERE completed_at >= $1)",
                .timestamptz(time.microseconds))
            if inUse.bool(0, 0) == true { continue }
            // Dropping locks the whole table for a moment; what would have to wait longer is for another time.
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

    /// Made apart and then attached: that takes no lock that a running statement on the table would wait for. The check
    /// says what attaching would otherwise have to verify row by row.
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

    /// All or nothing, and not at the price of others' waiting.
    private func attempt(_ statements: String, _ day: CivilDay) throws(PostgresError) {
        do {
            try connection.execute(text: "BEGIN; SET LOCAL lock_timeout = '1s'; \(statements); COMMIT")
            logger.info("Changed the days of finished tasks", metadata: ["partition": "\(name(of: day))"])
        } catch {
            if error.isConnectionLost { throw error }
            try connection.execute(text: "ROLLBACK")
            logger.warning(
                "Cannot change the days of finished tasks now",
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
