package import Postgres

/// Notifications of changes that are committed already.
///
/// A transaction with a NOTIFY takes a lock of the whole database just before its commit, and holds it until the commit
/// is on disk. If the statements that store something also sent the notification, only one of them at a time could wait
/// for the disk, however many nodes and workers there are. So the frequent notifications are sent right after the
/// commit, in a transaction of their own that does not wait for the disk and holds the lock for microseconds.
///
/// If a process dies between the commit and the notification, it sends no notification. Then the safety poll of the
/// workers finds the task within seconds, and a client that waits for a result gets it from the look-up at the end of
/// its waiting time.
package enum NotifySQL {
    package static let work = PostgresStatement(
        "notify_work", "SELECT pg_notify('millrace_work', ''), set_config('synchronous_commit', 'off', true)")

    /// Tells the nodes about finished tasks. Parameter: the ids. A notification has up to 200 ids (7,400 bytes),
    /// because a payload is limited to 8,000 bytes.
    static let done = PostgresStatement(
        "notify_done",
        """
        SELECT pg_notify('millrace_done', ids), set_config('synchronous_commit', 'off', true)
        FROM (SELECT string_agg(id::text, ',') AS ids
              FROM (SELECT id, (row_number() OVER () - 1) / 200 AS part FROM unnest($1::uuid[]) AS u (id)) r
              GROUP BY part) p
        """)
}
