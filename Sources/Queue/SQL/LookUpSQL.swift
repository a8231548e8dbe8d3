internal import Postgres

/// Reading tasks, and having oneself told of their end.
///
/// A task's row is in exactly one of the two tables, in any snapshot. To wait for a task without polling, its row is
/// marked `awaited` first: the mark waits for a worker that is just finishing the task, and a worker that finishes it
/// later sees the mark and notifies. Then the task is read: finished by now, or a notification will come.
/// The alternative, a notification for every finished task, would have every node woken for every task.
enum LookUpSQL {
    static let unfinishedColumns = """
        id, type, CASE WHEN worker_id IS NULL THEN 'queued' ELSE 'processing' END AS status, NULL::json AS result,
        last_error AS error, attempts, created_at, started_at, NULL::timestamptz AS completed_at
        """
    static let finishedColumns = """
        id, type, outcome::text AS status, result, error, attempts, created_at, started_at, completed_at
        """

    /// Ids; then the least and the greatest of them, which tell the partitions to look into.
    static let read = PostgresStatement(
        "read",
        """
        SELECT \(unfinishedColumns) FROM task WHERE id = ANY ($1)
        UNION ALL
        (SELECT \(finishedColumns) FROM finished_task WHERE id = ANY ($1) AND id >= $2 AND id <= $3 ORDER BY id)
        """)

    /// In the order of ids, as every statement that locks several tasks: so no two wait for each other in a ring.
    /// Nothing is lost if the mark is: the one who wants to know is gone then as well.
    static let markAwaited = PostgresStatement(
        "mark_awaited",
        """
        WITH unmarked AS MATERIALIZED (
            SELECT id FROM task WHERE id = ANY ($1) AND NOT awaited ORDER BY id FOR UPDATE
        )
        UPDATE task SET awaited = true WHERE id = ANY (ARRAY(SELECT id FROM unmarked))
        """)

    /// For the transaction it is in: its loss in a crash does no harm, so its commit does not wait for the disk.
    static let lossIsHarmless = PostgresStatement(
        "loss_is_harmless", "SELECT set_config('synchronous_commit', 'off', true)")

    /// Task and canceller. Deletes the row whoever owns it; a worker that completes the task later stores nothing.
    ///
    /// If other submissions share the task it goes on for them, and the row keeps who has cancelled: a request that is
    /// given to a second node counts once. Of many only the last 64 are kept, and each older one is a sharer less: else a
    /// task that 10,000 share would be written anew with up to 160 kB by each of them. $3: whether the input is kept
    /// (``RetrySQL``). Returns how many others there are, last; nothing if it was finished already, queued or not
    /// (``FinishSQL/removeStrays``).
    static let cancel = PostgresStatement(
        "cancel",
        """
        WITH asked AS MATERIALIZED (
            SELECT id, sharers - cardinality(coalesce(cancels, '{}')) AS rest, $2 = ANY (coalesce(cancels, '{}')) AS again,
                cardinality(coalesce(cancels, '{}')) >= 64 AS is_full
            FROM task WHERE id = $1 FOR UPDATE
        ), spared AS (
            UPDATE task t SET cancels = CASE WHEN a.again THEN t.cancels WHEN a.is_full THEN array_append(t.cancels[2:], $2)
                    ELSE array_append(t.cancels, $2) END,
                sharers = CASE WHEN a.is_full AND NOT a.again THEN t.sharers - 1 ELSE t.sharers END
            FROM asked a WHERE t.id = $1 AND (a.again OR a.rest > 1)
            RETURNING t.*
        ), removed AS (
            DELETE FROM task t USING asked a WHERE t.id = $1 AND NOT (a.again OR a.rest > 1)
            RETURNING t.id, t.type, t.attempts, t.created_at, t.started_at, t.awaited, t.history, t.worker_id, t.priority,
                t.max_attempts - t.attempts_before AS max_attempts, t.input,
                coalesce(t.cache_key, t.input_digest) AS digest
        ), finished AS (
            INSERT INTO finished_task
                (id, type, outcome, attempts, created_at, started_at, completed_at, history, worker, priority,
                 max_attempts, input, input_digest)
            SELECT id, type, 'cancelled', attempts, created_at, started_at, clock_timestamp(), history,
                (SELECT name FROM worker w WHERE w.id = removed.worker_id), priority, max_attempts,
                CASE WHEN $3 THEN input END, digest
            FROM removed
            ON CONFLICT DO NOTHING
            RETURNING *
        ), told AS MATERIALIZED (
            SELECT count(pg_notify('millrace_done', id::text)) AS n FROM removed WHERE awaited
        )
        SELECT \(finishedColumns), 0 FROM finished, told
        UNION ALL
        SELECT \(unfinishedColumns), sharers - cardinality(cancels) FROM spared
        """)

    /// Completed tasks of a type, newest first, from below an id on.
    static let completedPageOfType = PostgresStatement(
        "completed_page_of_type",
        """
        SELECT id, type, result, completed_at FROM finished_task
        WHERE outcome = 'completed' AND \(ListSQL.filterOfType)
        \(ListSQL.orderOfType)
        """)

    /// The same of some types.
    static let completedPage = PostgresStatement(
        "completed_page",
        """
        SELECT id, type, result, completed_at FROM finished_task
        WHERE outcome = 'completed' AND type = ANY ($1) AND id < $2
        ORDER BY id DESC LIMIT $3
        """)

    /// A task's attempts, the present or last one at the end. A task that waits has none at present; one that was
    /// cancelled while it waited ended without one.
    static let attempts = PostgresStatement(
        "attempts",
        """
        SELECT array_to_json(CASE WHEN worker_id IS NULL THEN coalesce(history, '{}')
            ELSE array_append(history,
                attempt(attempts, 'processing', (SELECT name FROM worker w WHERE w.id = t.worker_id), started_at, NULL, NULL))
            END)
        FROM task t WHERE id = $1
        UNION ALL
        SELECT array_to_json(CASE WHEN started_at IS NULL THEN coalesce(history, '{}')
            ELSE array_append(history, attempt(attempts, outcome::text, worker, started_at, completed_at, error)) END)
        FROM (SELECT * FROM finished_task WHERE id >= $1 AND id <= $1 ORDER BY id LIMIT 1) f
        """)

    static let ping = PostgresStatement("ping", "SELECT 1")
}
