internal import Logging
internal import Postgres
internal import Synchronization

/// The time for ids: this machine's clock, or the database's if the two differ by more than ``tolerance``.
///
/// The ids of all nodes sort by time, and the day of a finished task follows from its id. Without this correction, the
/// tasks of a node with a wrong clock would be out of order, and end in partitions of wrong days.
package enum NodeClock {
    /// Smaller differences are not corrected: they can come from the delay of the network, and ids need not be more
    /// exact.
    static let tolerance = Duration.seconds(10)

    /// What to add to this machine's time, in milliseconds.
    private static let stored = Atomic<Int64>(0)

    static var correction: Int64 { stored.load(ordering: .relaxed) }

    package static var now: Timestamp { Timestamp(microseconds: Timestamp.now.microseconds + correction * 1000) }

    private static let databaseTime = PostgresStatement("clock", "SELECT clock_timestamp()")

    /// Compares the two clocks. Called for each new session.
    static func compare(_ connection: PostgresConnection, logger: Logger) throws(PostgresError) {
        let sent = Timestamp.now
        let row = try connection.execute(databaseTime.with())
        let received = Timestamp.now
        guard let time = row.timestamp(0, 0) else { return }
        // The database read its clock some time between sending and receiving.
        let (behind, ahead) = (time.microseconds - received.microseconds, sent.microseconds - time.microseconds)
        let isWrong = max(behind, ahead) > tolerance.inMicroseconds
        set(isWrong ? (time.microseconds - received.microseconds) / 1000 : 0)
        guard isWrong else { return }
        logger.warning(
            "The clocks of this machine and of the database differ; ids of tasks have the database's time",
            metadata: ["difference.seconds": "\((time.microseconds - received.microseconds) / 1_000_000)"])
    }

    /// - Parameter correction: in milliseconds.
    static func set(_ correction: Int64) {
        // If the clock was too fast before, new ids would otherwise continue after the last id, at a time that is too
        // late.
        if stored.exchange(correction, ordering: .relaxed) != correction { TaskID.forgetLast() }
    }
}
