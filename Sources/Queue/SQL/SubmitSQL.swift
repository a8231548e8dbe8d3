package import Postgres

/// Stores submitted tasks: a batch of any size, in one statement.
///
/// Each row of the batch ends in one of four ways. Its result is *cached*; or it is *joined* to an identical unfinished
/// task that the statement's snapshot shows; or it is *inserted*; or none of these, and then the statement does not
/// return it. The last happens when another node inserted the same cache key after the snapshot was taken: either the
/// unique index made the insertion do nothing, or a worker has claimed the other node's task by now, and then the
/// insertion was withdrawn. The row is run again with a new snapshot, which shows the other task.
///
/// - A join is counted in the row that is joined, because that task belongs to this submission as well: it is cancelled
///   when all submissions have cancelled it (``LookUpSQL/cancel``). If it finishes meanwhile, nothing is counted, and
///   the row is run again. The number to add is found by a binary search (`width_bucket`), as no two rows of a batch
///   join one task.
/// - The joined rows are locked in the order of their ids, like everywhere, and before anything is inserted. So a
///   session that waits for another node's insertion holds only locks of a step that the other node has passed already,
///   and does not ask for again. The joined rows are written after the insertions: an insertion does nothing if an
///   identical task is only locked, but it would wait for an identical task that is being written. Several runs in one
///   transaction break this order, so such a transaction is rolled back and started over. Only if that happens again
///   and again, it is run to its end; then PostgreSQL may detect a deadlock, and one of the two transactions is run
///   again.
/// - A row that may be resent (``RequestKey``) is joined to itself if it exists, finished or not. That is a subquery
///   with a LIMIT, which runs for these rows only and walks the primary keys. As a join it would run for each row, and
///   as an EXISTS it might be answered by reading the whole table once.
/// - Rows are inserted in the order of their cache keys, and of their ids where there is no key. So two nodes that
///   insert the same keys, or resent tasks, wait for each other in one direction only. `DO UPDATE` instead of `DO
///   NOTHING` would return the other node's row at once, but it locks rows that a worker may be about to delete, in any
///   order, which leads to deadlocks.
/// - The counters' row is locked last (its subquery reads `inserted` to the end), so nobody waits for anything else
///   while holding it.
/// - The workers are woken after the commit, by a separate transaction (``NotifySQL``): once per batch, and only if
///   there is work.
/// - A batch that stored nothing writes only counters, and does not wait for the disk.
package enum SubmitSQL {
    /// The plain statement, which does the common case with half the work: no task of the batch is identical to an
    /// unfinished task, or was stored before. Its rows end *cached* or *inserted*. Other rows are left open, and
    /// ``submit`` is run for them: if the identical task is queued, a unique index makes the insertion do nothing;
    /// otherwise the insertion is withdrawn (``overtaken``). The parameters are those of ``submit``.
    package static let insert = PostgresStatement(
        "insert",
        """
        WITH found AS MATERIALIZED (
            SELECT b.*, c.task_id AS cached_id, c.result, \(claimed) AS joined_id
            FROM unnest(
                $1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::int2[], $6::timestamptz[], $7::int2[],
                $8::bool[], $9::bool[], $10::int4[], $12::bool[], $14::bytea[]
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

    /// An identical task that a worker has claimed. No unique index covers these: if there were one for all tasks, each
    /// claim would have to write into an index with the keys of a million queued tasks.
    private static let claimed = identical("worker_id IS NOT NULL")

    private static func identical(_ condition: String) -> String {
        """
        (SELECT k.id FROM task k
                    WHERE k.cache_key >= b.cache_key AND k.cache_key <= b.cache_key AND \(condition)
                    ORDER BY k.cache_key LIMIT 1)
        """
    }

    /// Withdraws some of the inserted tasks (migration v012): those that are finished already and were resent, and
    /// those that are identical to a task that is claimed by now. The check has a snapshot of its own, newer than the
    /// insertion.
    private static let overtaken = """
        SELECT withdraw_overtaken(ARRAY(SELECT id FROM inserted), ARRAY(SELECT cache_key FROM inserted), $15, $16) AS ids
            WHERE EXISTS (SELECT FROM inserted)
        """

    private static let stored =
        "SELECT id, NULL, NULL, NULL::uuid FROM inserted WHERE id <> ALL ((SELECT ids FROM overtaken)::uuid[])"

    /// The columns of a batch.
    private static let columns =
        "id, type, input, cache_key, priority, run_at, max_attempts, awaited, may_queue, copies, may_be_resent, input_digest"

    /// Inserts the rows that are neither cached nor joined.
    ///
    /// A task without `run_at` may run at any time, even if the database's clock is set back. Its rank counts from now
    /// on, so a `run_at` in the past does not move a task to the head of the queue.
    private static func inserted(after precondition: String = "true") -> String {
        """
        INSERT INTO task
                (id, type, priority, max_attempts, awaited, run_at, created_at, cache_key, input_digest, input, sharers,
                 rank)
            SELECT id, type, priority, max_attempts, awaited, coalesce(run_at, '-infinity'), now(), cache_key,
                input_digest, input, copies, greatest(run_at, now()) + priority * interval '1 minute'
            FROM found
            WHERE may_queue AND cached_id IS NULL AND joined_id IS NULL AND \(precondition)
            ORDER BY cache_key, id
            ON CONFLICT DO NOTHING
            RETURNING id, cache_key
        """
    }

    /// Counts in the cache's statistics. Locks the row of counters after all insertions.
    private static let counted = """
        UPDATE cache_statistics s SET hits = s.hits + n.hits, misses = s.misses + n.misses
            FROM (SELECT coalesce(sum(copies) FILTER (WHERE cached_id IS NOT NULL), 0) AS hits,
                         coalesce(sum(copies) FILTER (WHERE cached_id IS NULL), 0) AS misses
                  FROM found WHERE cache_key IS NOT NULL AND $13) n,
                 (SELECT count(*) FROM inserted) AS after_the_insertions
            WHERE s.slot = $11 AND n.hits + n.misses > 0
        """

    /// The columns of the batch, as arrays of equal length (the counters' slot is $11); $13: whether this is the first
    /// run; $14: the digests of the inputs that have no cache key; the smallest and the greatest id, which select the
    /// partitions. Returns id, cached_id, result, joined_id for each row that is settled. One row of nulls may be among
    /// them.
    static let submit = PostgresStatement(
        "submit",
        """
        WITH batch AS MATERIALIZED (
            SELECT * FROM unnest(
                $1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::int2[], $6::timestamptz[], $7::int2[],
                $8::bool[], $9::bool[], $10::int4[], $12::bool[], $14::bytea[]
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

    /// Ends the session whose commit is in doubt, and waits up to 2 s for its end. Only then is what the tables show
    /// final. The start time distinguishes the session from a later one with the same process id.
    static let endSession = PostgresStatement(
        "submit_end_session",
        "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2")

    static let session = PostgresStatement(
        "submit_session",
        """
        SELECT secret, (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()) FROM cache_secret
        """)

    /// How many tasks are queued, counted up to $1.
    static let countQueued = PostgresStatement(
        "submit_count", "SELECT count(*) FROM (SELECT FROM task WHERE worker_id IS NULL LIMIT $1) q")

    package static let begin = PostgresStatement("begin", "BEGIN")
    package static let commit = PostgresStatement("commit", "COMMIT")
}
