package import Postgres

/// Handing tasks in: a batch of any size, in one statement.
///
/// Each row of the batch ends in one of four ways: its result is *cached*; it is *joined* to an identical unfinished
/// task that the statement's snapshot shows; it is *inserted*; or none of these, and then it is missing from what the
/// statement returns. That happens when another node inserted the same cache key after the snapshot was taken: the
/// unique index made the insertion yield, or a worker has claimed the other's task by now, and then the row was taken back.
/// It is run again with a new snapshot, which shows the other.
///
/// - A join is counted in the row that is joined, which makes it the submission's own as well: it is cancelled when all
///   have cancelled it (``LookUpSQL/cancel``). If it is finished meanwhile nothing is counted, and the row is run again.
///   What is to be counted in a row is found by a binary search (`width_bucket`): no two rows of a batch join one task.
///   Rows are locked in the order of their ids, like everywhere, and before anything is inserted: who waits for another
///   node's insertion holds no more than what that node has passed already. They are written after it: an insertion
///   yields to an identical task that is only locked, and would wait for one that is being written. (Runs that follow in
///   one transaction break this, so such a transaction is started over. Only if that goes on it is run to its end; then
///   PostgreSQL may find a deadlock, and one of the two is run again.)
/// - A row that may come again (``RequestKey``) is joined to itself if it is there, finished or not. The question is a
///   subquery with a LIMIT, which is asked for these rows only and walks the primary keys: as a join it would be asked
///   for each row, and as an EXISTS it might be answered by reading the whole table once.
/// - Insertions go in the order of their cache keys, and of their ids where there is none: two nodes that insert the same
///   keys, or tasks that came again, wait for each other in one direction only. `DO UPDATE` instead of `DO NOTHING` would
///   return the other's row at once, but locks rows that a worker may be about to delete, in whatever order, and that ends
///   in deadlocks.
/// - The counters' row is locked last (its subquery reads `inserted` to the end), so nobody waits for anything else
///   while holding it.
/// - The workers are woken after the commit, by a transaction of its own (``NotifySQL``): once a batch, and only if
///   there is work.
/// - A batch that stored nothing has only counters to write: it does not wait for the disk.
package enum SubmitSQL {
    /// The common case in half the work: nothing of the batch is shared with an unfinished task or has come before. Its
    /// rows end *cached* or *inserted*; the unique indexes make the insertion of those yield that wait, the others are taken
    /// back (``overtaken``), and they are run again as by ``submit``. The arguments are that statement's.
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

    /// An identical task that waits.
    private static let waiting = identical("worker_id IS NULL")

    /// An identical task that a worker has. No unique index tells of these: one for all would have a claim write into what
    /// has the keys of a million that wait.
    private static let claimed = identical("worker_id IS NOT NULL")

    private static func identical(_ condition: String) -> String {
        """
        (SELECT k.id FROM task k
                    WHERE k.cache_key >= b.cache_key AND k.cache_key <= b.cache_key AND \(condition)
                    ORDER BY k.cache_key LIMIT 1)
        """
    }

    /// Of what was inserted, those that are taken back again (the migration v012): a finished task that came again, or one
    /// like a task that is claimed by now. The look at that has a snapshot of its own, newer than the insertion.
    private static let overtaken = """
        SELECT withdraw_overtaken(ARRAY(SELECT id FROM inserted), ARRAY(SELECT cache_key FROM inserted), $15, $16) AS ids
            WHERE EXISTS (SELECT FROM inserted)
        """

    private static let stored =
        "SELECT id, NULL, NULL, NULL::uuid FROM inserted WHERE id <> ALL ((SELECT ids FROM overtaken)::uuid[])"

    /// Of the rows of a batch.
    private static let columns =
        "id, type, input, cache_key, priority, run_at, max_attempts, awaited, may_queue, copies, may_come_again, input_digest"

    /// Makes tasks of what is found to be neither cached nor there already.
    ///
    /// One that is not put off may run whatever the time, also if the database's clock is set back. And it counts as
    /// waiting from now on: a `run_at` in the past is no way to the head of the queue.
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

    /// Locks the counters' row after all insertions.
    private static let counted = """
        UPDATE cache_statistics s SET hits = s.hits + n.hits, misses = s.misses + n.misses
            FROM (SELECT coalesce(sum(copies) FILTER (WHERE cached_id IS NOT NULL), 0) AS hits,
                         coalesce(sum(copies) FILTER (WHERE cached_id IS NULL), 0) AS misses
                  FROM found WHERE cache_key IS NOT NULL AND $13) n,
                 (SELECT count(*) FROM inserted) AS the_insertions_first
            WHERE s.slot = $11 AND n.hits + n.misses > 0
        """

    /// Columns of the batch, arrays of equal length, the counters' slot between them; whether this is the first run; the
    /// digests of those inputs that have no cache key; the least and the greatest id, which tell the partitions to look into.
    /// Returns id, cached_id, result, joined_id for each row that is settled; one row of nulls may be among them.
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
                    CASE WHEN b.may_come_again THEN coalesce(
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

    /// Which of these ids were accepted: asked after a commit whose outcome is unknown.
    static let known = PostgresStatement(
        "submit_known",
        """
        SELECT id FROM task WHERE id = ANY ($1)
        UNION ALL
        (SELECT id FROM finished_task WHERE id = ANY ($1) AND id >= $2 AND id <= $3 ORDER BY id)
        """)

    /// Ends the session whose commit is in doubt, and waits for its end: only then is what the tables show final.
    /// The time it was started tells it from another that has got its process id since.
    static let endSession = PostgresStatement(
        "submit_end_session",
        "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2")

    static let session = PostgresStatement(
        "submit_session",
        """
        SELECT secret, (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()) FROM cache_secret
        """)

    /// How many are queued, counted no further than to the limit.
    static let countQueued = PostgresStatement(
        "submit_count", "SELECT count(*) FROM (SELECT FROM task WHERE worker_id IS NULL LIMIT $1) q")

    package static let begin = PostgresStatement("begin", "BEGIN")
    package static let commit = PostgresStatement("commit", "COMMIT")
}
