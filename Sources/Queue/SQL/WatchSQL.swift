internal import Postgres

/// Finds dead workers.
///
/// The workers form a ring in the order of their ids, and each waits for the lock of the next one. When the session of
/// the next worker ends, the server grants the lock immediately. A wait takes up to 250 ms, or up to 40 ms while the
/// queue is busy. The waits are short because a waiting statement holds a snapshot, and vacuum cannot remove the rows
/// that die during the wait. At 2,500 tasks/s, a claim takes twice as long with waits of 250 ms as with waits of 40 ms.
/// The waits are also shorter than PostgreSQL's `deadlock_timeout` (1 s), after which PostgreSQL would log the wait
/// (`log_lock_waits`).
///
/// Before each wait, a worker looks up which worker is the next one. So when a worker has come or gone, the ring is
/// complete again after one wait, without messages between the workers.
enum WatchSQL {
    /// Returns the next worker in the ring, which may be this worker itself, and whether the next worker is gone. If it
    /// is gone, the caller holds its lock.
    static let waitForNeighbour = PostgresStatement(
        "watch_neighbour",
        """
        SELECT id, worker_is_gone(id, $2 * interval '1 microsecond')
        FROM (SELECT id FROM worker ORDER BY id <= $1, id LIMIT 1) w
        """)

    /// Returns all workers that are gone. The caller holds their locks.
    static let sweep = PostgresStatement(
        "watch_sweep", "SELECT id FROM worker WHERE pg_try_advisory_lock(worker_lock_class(), id)")

    static let unlock = PostgresStatement("watch_unlock", "SELECT pg_advisory_unlock(worker_lock_class(), $1)")

    static let time = PostgresStatement("watch_time", "SELECT clock_timestamp()")

    /// Removes dead rows from the queue's table and its indexes, unless another vacuum is running.
    static let vacuum = "VACUUM (SKIP_LOCKED, INDEX_CLEANUP ON, TRUNCATE OFF) task"

    /// The size of the queue's table in bytes.
    static let queueSize = PostgresStatement("watch_queue_size", "SELECT pg_relation_size('task')")

    /// Tries to make this session the leader, and returns whether that succeeded. After a success, do not run the
    /// statement again, because each success adds a lock.
    static let becomeLeader = PostgresStatement(
        "watch_lead", "SELECT pg_try_advisory_lock(worker_lock_class(), 0)")
}
