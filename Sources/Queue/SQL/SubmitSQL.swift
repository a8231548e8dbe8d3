package import Postgres

/// Stores submitted tasks: a batch of any size, in one statement.
///
/// Each row of the batch has one of four outcomes:
/// - *cached*: its result is in the cache.
/// - *joined*: the statement's snapshot shows an identical unfinished task, and the row shares it.
/// - *inserted*: the row is a new task.
/// - *open*: the statement does not return the row, usually because another node inserted the same cache key after the
///   snapshot was taken. (If the other node's task is still queued, the unique index made the insertion do nothing. If
///   a worker has already claimed that task, the insertion was withdrawn.) The statement is run again for the row, with
///   a new snapshot that shows the other task.
///
/// How the statement works:
///
/// - A join increases the other task's number of sharers, because a shared task is cancelled only when all submissions
///   have cancelled it (``LookUpSQL/cancel``). If the other task finishes before this statement can lock it, nothing is
///   counted, and the row stays open. The number to add is found with a binary search (`width_bucket`). That is
///   possible because no two rows of a batch join the same task.
/// - The tasks to join are locked before anything is inserted, in the order of their ids, as in all statements. So
///   while a session waits for an insertion of another node, it holds locks only on tasks to join. The other node
///   already has all its locks of this kind, and does not ask for more.
/// - The tasks to join are updated after the insertions. An insertion does nothing if an identical task is only locked,
///   but it waits if an identical task is being updated.
/// - A second run in the same transaction would break this order of locks, so the transaction is rolled back and starts
///   over. After many rollbacks, it continues with a second run instead. Then PostgreSQL may detect a deadlock, and one
///   of the two transactions is run again.
/// - If a row may be resent (``RequestKey``) and its task exists, finished or not, the row is joined to its own task. A
///   subquery with a LIMIT finds the task: it runs for these rows only and uses the primary keys. A join would run for
///   each row, and for an EXISTS, PostgreSQL might read the whole table once.
/// - Rows are inserted in the order of their cache keys, and rows without a key in the order of their ids. So if two
///   nodes insert the same keys or the same resent tasks, only one of them waits for the other. `DO UPDATE` instead of
///   `DO NOTHING` would return the other node's row at once. But it would lock existing rows in any order, even rows
///   that a worker is about to delete, and so lead to deadlocks.
/// - The row of counters is locked last, because the subquery of `counted` reads `inserted` to the end. So while a
///   session holds the lock on this row, it waits for no other lock.
/// - The workers are woken after the commit, by a separate transaction (``NotifySQL``): once per batch, and only if
///   there is work.
/// - If a batch stores no task, only counters are written, and the commit does not wait for the disk. But if a row was
///   joined to its own task, the transaction writes to the WAL and waits (``confirm``).
package enum SubmitSQL {
    /// The plain statement does half the work of ``submit``. It is made for the common case: no task of the batch was
    /// stored before, and none is identical to an unfinished task. It returns only rows that are *cached* or
    /// *inserted*. All other rows stay open, and ``submit`` is run for them. A row stays open if an identical task is
    /// queued, because a unique index makes the insertion do nothing. If a worker has claimed the identical task, the
    /// row is not inserted, or its insertion is withdrawn (``overtaken``). The parameters are those of ``submit``.
    package static let insert = PostgresStatement(
        "insert",
        """
        WITH found AS MATERIALIZED (
            SELECT b.*, c.task_id AS cached_id, c.result, \(claimed) AS joined_id
            FROM unnest(
                $1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::int2[], $6::timestamptz[], $7::int2[],
                $8::bool[], $9::bool[], $10::int4[], $12::bool[], $14::bytea[], $17::int8[]
            ) AS b (\(columns))
            LEFT JOIN result_cache c ON c.cache_key = b.cache_key AND (c.expires_at > now()) IS TRUE
        ), inserted AS (
            \(inserted())
        ), overtaken AS MATERIALIZED (
            \(overtaken)
        ), counted AS (
            \(counted)
        )
        SELECT id, cached_id, result, NULL::uuid FROM found WHERE cached_id IS NOT NULL
        UNION ALL
        \(stored)
        UNION ALL
        SELECT NULL, NULL, NULL, NULL
        WHERE CASE WHEN EXISTS (SELECT FROM inserted) THEN false
              ELSE set_config('synchronous_commit', 'off', true) IS NULL END
        """)

    /// An identical task that is queued.
    private static let waiting = identical("worker_id IS NULL")

    /// An identical task that a worker has claimed. No unique index covers the claimed tasks. If one index covered all
    /// tasks, it could contain the keys of a million queued tasks, and each claim would have to write into it.
    private static let claimed = identical("worker_id IS NOT NULL")

    private static func identical(_ condition: String) -> String {
        """
        (SELECT k.id FROM task k
                    WHERE k.cache_key >= b.cache_key AND k.cache_key <= b.cache_key AND \(condition)
                    ORDER BY k.cache_key LIMIT 1)
        """
    }

    /// Withdraws an inserted task (migration v012) if it was resent and is finished already, or if an identical task is
    /// claimed by now. The check has a snapshot of its own, which is newer than that of the insertion.
    private static let overtaken = """
        SELECT withdraw_overtaken(ARRAY(SELECT id FROM inserted), ARRAY(SELECT cache_key FROM inserted), $15, $16) AS ids
            WHERE EXISTS (SELECT FROM inserted)
        """

    private static let stored =
        "SELECT id, NULL, NULL, NULL::uuid FROM inserted WHERE id <> ALL ((SELECT ids FROM overtaken)::uuid[])"

    /// The columns of a batch.
    private static let columns =
        """
        id, type, input, cache_key, priority, run_at, max_attempts, awaited, may_queue, copies, may_be_resent, input_digest,
        client
        """

    /// Inserts the rows that are neither cached nor joined.
    ///
    /// A task without `run_at` may run at any time, even if the database's clock is set back. The rank counts from the
    /// current time if there is no `run_at` or it is in the past. So a `run_at` in the past does not move a task to the
    /// head of the queue.
    private static func inserted(after precondition: String = "true") -> String {
        """
        INSERT INTO task
                (id, type, priority, max_attempts, awaited, run_at, created_at, cache_key, input_digest, input, sharers,
                 rank, client)
            SELECT id, type, priority, max_attempts, awaited, coalesce(run_at, '-infinity'), now(), cache_key,
                input_digest, input, copies, greatest(run_at, now()) + priority * interval '1 minute', client
            FROM found
            WHERE may_queue AND cached_id IS NULL AND joined_id IS NULL AND \(precondition)
            ORDER BY cache_key, id
            ON CONFLICT DO NOTHING
            RETURNING id, cache_key
        """
    }

    /// Adds the hits and misses to the cache's statistics. It locks the row of counters after all insertions.
    private static let counted = """
        UPDATE cache_statistics s SET hits = s.hits + n.hits, misses = s.misses + n.misses
            FROM (SELECT coalesce(sum(copies) FILTER (WHERE cached_id IS NOT NULL), 0) AS hits,
                         coalesce(sum(copies) FILTER (WHERE cached_id IS NULL), 0) AS misses
                  FROM found WHERE cache_key IS NOT NULL AND $13) n,
                 (SELECT count(*) FROM inserted) AS after_the_insertions
            WHERE s.slot = $11 AND n.hits + n.misses > 0
        """

    /// The full statement. Parameters: the columns of the batch, as arrays of equal length; $11: the counters' slot;
    /// $13: whether this is the first run; $14: the digests of the inputs that have no cache key; $15 and $16: the
    /// smallest and the greatest id, which select the partitions; $17: who submits each task. Returns id, cached_id,
    /// result, joined_id for each row that is not open. There may be an additional row of NULLs.
    static let submit = PostgresStatement(
        "submit",
        """
        WITH batch AS MATERIALIZED (
            SELECT * FROM unnest(
                $1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::int2[], $6::timestamptz[], $7::int2[],
                $8::bool[], $9::bool[], $10::int4[], $12::bool[], $14::bytea[], $17::int8[]
            ) AS b (\(columns))
        ), found AS MATERIALIZED (
            SELECT b.*, c.task_id AS cached_id, c.result,
                coalesce(
                    CASE WHEN b.may_be_resent THEN coalesce(
                        (SELECT k.id FROM task k WHERE k.id = b.id LIMIT 1),
                        (SELECT k.id FROM finished_task k WHERE k.id >= b.id AND k.id <= b.id ORDER BY k.id LIMIT 1)) END,
                    \(waiting), \(claimed)) AS joined_id
            FROM batch b
            LEFT JOIN result_cache c ON c.cache_key = b.cache_key AND (c.expires_at > now()) IS TRUE
        ), shared AS MATERIALIZED (
            SELECT array_agg(joined_id ORDER BY joined_id) AS tasks, array_agg(id ORDER BY joined_id) AS ids,
                array_agg(copies ORDER BY joined_id) AS copies
            FROM found WHERE cached_id IS NULL AND joined_id <> id
        ), met AS MATERIALIZED (
            SELECT id FROM task WHERE id = ANY ((SELECT tasks FROM shared)::uuid[]) ORDER BY id FOR UPDATE
        ), inserted AS (
            \(inserted(after: "(SELECT count(*) FROM met) >= 0"))
        ), joined AS (
            UPDATE task t SET sharers = t.sharers + s.copies[width_bucket(t.id, s.tasks)]
            FROM shared s WHERE t.id = ANY (ARRAY(SELECT id FROM met)) AND (SELECT count(*) FROM inserted) >= 0
            RETURNING s.ids[width_bucket(t.id, s.tasks)] AS id, t.id AS joined_id
        ), overtaken AS MATERIALIZED (
            \(overtaken)
        ), counted AS (
            \(counted)
        )
        SELECT id, cached_id, result, joined_id FROM found WHERE cached_id IS NOT NULL OR joined_id = id
        UNION ALL
        SELECT id, NULL, NULL, joined_id FROM joined
        UNION ALL
        \(stored)
        UNION ALL
        SELECT NULL, NULL, NULL, NULL
        WHERE CASE WHEN EXISTS (SELECT FROM inserted) OR EXISTS (SELECT FROM joined) THEN false
              WHEN EXISTS (SELECT FROM found WHERE joined_id = id) THEN \(confirmed) IS NULL
              ELSE set_config('synchronous_commit', 'off', true) IS NULL END
        """)

    /// Finds out which of these tasks are stored, after an in-doubt commit.
    static let known = PostgresStatement(
        "submit_known",
        """
        SELECT id FROM task WHERE id = ANY ($1)
        UNION ALL
        (SELECT id FROM finished_task WHERE id = ANY ($1) AND id >= $2 AND id <= $3 ORDER BY id)
        """)

    /// Ends the session whose commit is in doubt, and waits up to 2 s for its end. Until then, the session may still
    /// commit. The start time distinguishes it from a later session with the same process id.
    static let endSession = PostgresStatement(
        "submit_end_session",
        "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2")

    static let session = PostgresStatement(
        "submit_session",
        """
        SELECT secret, (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()), pg_backend_pid()
        FROM cache_secret
        """)

    /// After this statement, the commit also makes the rows durable that the transaction has read. With synchronous
    /// replication, the commit makes them durable on the standby as well.
    ///
    /// Usually a transaction becomes visible to others only after it has waited for the standby. But if its session was
    /// ended during this wait, or the server crashed, the transaction is visible although the standby may not have it.
    /// A commit that comes later in the WAL waits until the standby has everything before it, including such
    /// transactions. A commit waits only if its transaction has written something to the WAL. So this statement writes
    /// a message that nobody reads.
    static let confirm = PostgresStatement("submit_confirm", "SELECT \(confirmed)")

    private static let confirmed = "pg_logical_emit_message(true, 'millrace', ''::text)"

    /// Undoes a `synchronous_commit = off` of an earlier statement of the transaction.
    static let commitSynchronously = PostgresStatement(
        "commit_synchronously", "SET LOCAL synchronous_commit TO DEFAULT")

    /// How many tasks are queued, counted up to $1.
    static let countQueued = PostgresStatement(
        "submit_count", "SELECT count(*) FROM (SELECT FROM task WHERE worker_id IS NULL LIMIT $1) q")

    package static let begin = PostgresStatement("begin", "BEGIN")
    package static let commit = PostgresStatement("commit", "COMMIT")
}
