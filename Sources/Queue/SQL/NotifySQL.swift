package import Postgres

/// Notifications of what is committed already.
///
/// A transaction with a NOTIFY takes one lock of the whole database just before its commit and holds it until the
/// commit is on disk: put into the statements that store something, it lets one of them at a time wait for the disk,
/// however many nodes and workers there are. So the frequent ones go out right after the commit, in a transaction of
/// their own that does not wait for the disk and holds the lock for microseconds.
///
/// A process that dies in between tells nobody. For workers their safety poll finds the task within seconds; for
/// someone who waits, the look-up at the end of his time answers with the result.
package enum NotifySQL {
    package static let work = PostgresStatement(
        "notify_work", "SELECT pg_notify('millrace_work', ''), set_config('synchronous_commit', 'off', true)")

    /// Ids, up to 200 (7,400 bytes) a notification: a payload ends at 8,000 bytes.
    static let done = PostgresStatement(
        "notify_done",
        """
        SELECT pg_notify('millrace_done', ids), set_config('synchronous_commit', 'off', true)
        FROM (SELECT string_agg(id::text, ',') AS ids
              FROM (SELECT id, (row_number() OVER () - 1) / 200 AS part FROM unnest($1::uuid[]) AS u (id)) r
              GROUP BY part) p
        """)
}
