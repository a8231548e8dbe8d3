internal import Postgres

/// Reads tasks, and subscribes to their end.
///
/// In any snapshot, a task is in exactly one of the tables `task` and `finished_task`. To wait for a task without
/// polling, a node first marks the task's row as `awaited`. If a worker is finishing the task at this moment, the
/// statement that sets the mark waits for the worker's commit. If a worker finishes the task after the mark is set, it
/// sees the mark and sends a notification. After the node has set the mark, it reads the task: either the task is
/// finished, or a notification will come. The alternative, a notification for every finished task, would wake every
/// node for every task.
enum LookUpSQL {
    static let unfinishedColumns = """
        id, type, CASE WHEN worker_id IS NULL THEN 'queued' ELSE 'processing' END AS status, NULL::json AS result,
        last_error AS error, attempts, created_at, started_at, NULL::timestamptz AS completed_at, client
        """
    static let finishedColumns = """
        id, type, outcome::text AS status, result, error, attempts, created_at, started_at, completed_at, client
        """

    /// Reads tasks. Parameters: the ids, and the smallest and the greatest id, which select the partitions.
    static let read = PostgresStatement(
        "read",
        """
        SELECT \(unfinishedColumns) FROM task WHERE id = ANY ($1)
        UNION ALL
        (SELECT \(finishedColumns) FROM finished_task WHERE id = ANY ($1) AND id >= $2 AND id <= $3 ORDER BY id)
        """)

    /// Marks tasks as awaited. It locks them in the order of ids, like every statement that locks several tasks, so
    /// that two of these statements cannot deadlock. A server crash may lose the mark, but it also ends the sessions of
    /// the nodes. After a node has reconnected, it marks its awaited tasks again.
    static let markAwaited = PostgresStatement(
        "mark_awaited",
        """
        WITH unmarked AS MATERIALIZED (
            SELECT id FROM task WHERE id = ANY ($1) AND NOT awaited ORDER BY id FOR UPDATE
        )
        UPDATE task SET awaited = true WHERE id = ANY (ARRAY(SELECT id FROM unmarked))
        """)

    /// Lets this transaction commit without waiting for the disk. It is used if the loss of the transaction in a crash
    /// does no harm.
    static let commitAsynchronously = PostgresStatement(
        "commit_asynchronously", "SELECT set_config('synchronous_commit', 'off', true)")

    /// Cancels a task. Parameters: the task, the canceller (the id of the request), whether the input is kept
    /// (``RetrySQL``), the least and the greatest client whose tasks may be cancelled. The statement deletes the row,
    /// even if a worker owns the task. If the worker completes the task after that, it stores nothing.
    ///
    /// If other submissions share the task, it is not cancelled, but its row keeps the ids of the cancellers. So if a
    /// request is also sent to a second node, it counts only once. The row keeps only the last 64 ids. For each id that
    /// it drops, its number of sharers decreases by one. Without this limit, the row of a task that 10,000 submissions
    /// share would grow to 160 kB, and each cancellation would write it again.
    ///
    /// Returns the task, and in the last column how many other submissions share it. Returns no row in two cases: the
    /// task was finished already (even if the queue still contained it as a stray, ``FinishSQL/removeStrays``), or it
    /// is the task of another client.
    static let cancel = PostgresStatement(
        "cancel",
        """
        WITH asked AS MATERIALIZED (
            SELECT id, sharers - cardinality(coalesce(cancels, '{}')) AS rest, $2 = ANY (coalesce(cancels, '{}')) AS again,
                cardinality(coalesce(cancels, '{}')) >= 64 AS is_full
            FROM task WHERE id = $1 AND client >= $4 AND client <= $5 FOR UPDATE
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
                own_digest(t.id, coalesce(t.cache_key, t.input_digest)) AS digest, t.client
        ), finished AS (
            INSERT INTO finished_task
                (id, type, outcome, attempts, created_at, started_at, completed_at, history, worker, priority,
                 max_attempts, input, input_digest, client)
            SELECT id, type, 'cancelled', attempts, created_at, started_at, clock_timestamp(), history,
                (SELECT name FROM worker w WHERE w.id = removed.worker_id), priority, max_attempts,
                CASE WHEN $3 THEN input END, digest, client
            FROM removed
            ON CONFLICT DO NOTHING
            RETURNING *
        ), notified AS MATERIALIZED (
            SELECT count(pg_notify('millrace_done', id::text)) AS n FROM removed WHERE awaited
        )
        SELECT \(finishedColumns), 0 FROM finished, notified
        UNION ALL
        SELECT \(unfinishedColumns), sharers - cardinality(cancels) FROM spared
        """)

    /// Completed tasks of a type with ids below a given one, newest first.
    static let completedPageOfType = PostgresStatement(
        "completed_page_of_type",
        """
        SELECT id, type, result, completed_at FROM finished_task
        WHERE outcome = 'completed' AND \(ListSQL.filterOfType) AND \(ListSQL.filterOfClients)
        \(ListSQL.orderOfType)
        """)

    /// Completed tasks of several types with ids below a given one, newest first.
    static let completedPage = PostgresStatement(
        "completed_page",
        """
        SELECT id, type, result, completed_at FROM finished_task
        WHERE outcome = 'completed' AND type = ANY ($1) AND id < $2 AND \(ListSQL.filterOfClients)
        ORDER BY id DESC LIMIT $3
        """)

    /// Completed tasks of one client ($4) and of several types, with ids below a given one, newest first.
    static let completedPageOfClient = PostgresStatement(
        "completed_page_of_client",
        """
        SELECT id, type, result, completed_at FROM finished_task
        WHERE outcome = 'completed' AND type = ANY ($1) AND \(ListSQL.filterOfClient)
        \(ListSQL.orderOfClient)
        """)

    /// A task's attempts as a JSON array, oldest first. Parameters: the task, and the least and the greatest client
    /// whose tasks may be read. The current attempt of a task in processing, and the last attempt of a finished task,
    /// come from the task's own columns. All earlier attempts come from its history. If a task is queued, or was
    /// cancelled while it was queued, all its attempts come from the history.
    static let attempts = PostgresStatement(
        "attempts",
        """
        SELECT array_to_json(CASE WHEN worker_id IS NULL THEN coalesce(history, '{}')
            ELSE array_append(history,
                attempt(attempts, 'processing', (SELECT name FROM worker w WHERE w.id = t.worker_id), started_at, NULL, NULL))
            END)
        FROM task t WHERE id = $1 AND client >= $2 AND client <= $3
        UNION ALL
        SELECT array_to_json(CASE WHEN started_at IS NULL THEN coalesce(history, '{}')
            ELSE array_append(history, attempt(attempts, outcome::text, worker, started_at, completed_at, error)) END)
        FROM (SELECT * FROM finished_task WHERE id >= $1 AND id <= $1 ORDER BY id LIMIT 1) f
        WHERE client >= $2 AND client <= $3
        """)

    /// Whether the session can write. A setting of the server or of the database can make an existing session
    /// read-only.
    static let isWritable = PostgresStatement(
        "is_writable", "SELECT current_setting('transaction_read_only') = 'off'")
}
