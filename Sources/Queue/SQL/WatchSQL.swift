internal import Postgres

/// Finding dead workers.
///
/// The workers form a ring by their ids, and each waits for the lock of the next: the server hands it over in the
/// moment the other's session ends. A wait is a quarter of a second long, and 40 ms while the queue is busy (see
/// `worker_is_gone` for why not longer: with 250 ms a claim at 2,500 tasks/s took twice the time). It starts with asking
/// who the next one is, so a ring that changed is whole again after that time, without messages.
/// PostgreSQL's `deadlock_timeout` and `log_lock_waits` (both 1 s) do not come into play.
enum WatchSQL {
    /// The worker after this one, perhaps itself, and whether it is gone; then its lock is held by the caller.
    static let waitForNeighbour = PostgresStatement(
        "watch_neighbour",
        """
        SELECT id, worker_is_gone(id, $2 * interval '1 microsecond')
        FROM (SELECT id FROM worker ORDER BY id <= $1, id LIMIT 1) w
        """)

    /// Every worker that is gone; the caller holds their locks then.
    static let sweep = PostgresStatement(
        "watch_sweep", "SELECT id FROM worker WHERE pg_try_advisory_lock(worker_lock_class(), id)")

    static let isMigrated = PostgresStatement("watch_migrated", "SELECT FROM worker LIMIT 0")

    static let unlock = PostgresStatement("watch_unlock", "SELECT pg_advisory_unlock(worker_lock_class(), $1)")

    static let time = PostgresStatement("watch_time", "SELECT clock_timestamp()")

    /// Takes what died out of the queue's table and its indexes, unless somebody else is about it.
    static let vacuum = "VACUUM (SKIP_LOCKED, INDEX_CLEANUP ON, TRUNCATE OFF) task"

    /// Bytes.
    static let queueSize = PostgresStatement("watch_queue_size", "SELECT pg_relation_size('task')")

    /// Whether this session does the maintenance: asked until it does, once.
    static let becomeLeader = PostgresStatement(
        "watch_lead", "SELECT pg_try_advisory_lock(worker_lock_class(), 0)")
}
