internal import Postgres

/// The statements that a worker runs in its session.
///
/// The session takes the advisory lock of its worker id before others can see its row in `worker`, and holds it until
/// the session ends. While the lock is held, nobody else touches the worker's tasks. When the lock is free, the server
/// has ended the session, and no statement of the session can commit any more. So the lock shows that the worker is
/// alive, and also keeps others from touching its tasks. No heartbeats are needed.
enum WorkerSQL {
    static let newID = PostgresStatement(
        "worker_new_id", "SELECT nextval(pg_get_serial_sequence('worker', 'id'))::int4")
    static let lock = PostgresStatement("worker_lock", "SELECT pg_try_advisory_lock(worker_lock_class(), $1)")
    static let register = PostgresStatement("worker_register", "INSERT INTO worker (id, name) VALUES ($1, $2)")

    /// Marks a lost session whose process is alive, which means that none of its tasks has killed the process. If a
    /// ``WorkerWatch`` recovers the tasks after this, it sees the mark and makes no suspects. If a ``WorkerWatch`` has
    /// already recovered the tasks, ``clearSuspects`` makes the suspects ordinary tasks again.
    static let markProcessAlive = PostgresStatement(
        "worker_mark_process_alive", "UPDATE worker SET survived = true WHERE id = $1")
    static let clearSuspects = PostgresStatement(
        "worker_clear_suspects",
        """
        WITH innocent AS MATERIALIZED (
            SELECT id FROM task
            WHERE id = ANY (ARRAY(SELECT id FROM task WHERE suspect_of = $1)) AND suspect_of = $1
            ORDER BY id FOR UPDATE
        )
        UPDATE task SET suspect_of = NULL WHERE id = ANY (ARRAY(SELECT id FROM innocent))
        """)

    /// Locks the bounded types among the worker's types, until the commit of the claim. So while this claim counts the
    /// running tasks of these types, no other worker can claim tasks of them. This statement runs directly before the
    /// claim, because the claim's snapshot has to be newer than the lock.
    ///
    /// Types that another claim has locked are skipped. If this statement waited for them, a worker that is stopped in
    /// the middle of its claim (SIGSTOP, a frozen machine) would keep all other workers from claiming tasks of any
    /// type. The statement stores the locked types in a setting of the transaction, where the claim reads them. The
    /// second column says whether types were skipped. A claim without this statement takes no tasks of bounded types. A
    /// worker runs the statement if it has seen bounded types, or if its last claim found nothing.
    static let lockBounds = PostgresStatement(
        "claim_bounds",
        """
        SELECT set_config('millrace.bounds', coalesce(string_agg(type, ','), ''), true),
            count(*) < (SELECT count(*) FROM task_type WHERE concurrency IS NOT NULL AND type = ANY ($1))
        FROM (SELECT type FROM task_type WHERE concurrency IS NOT NULL AND type = ANY ($1)
              ORDER BY type FOR UPDATE SKIP LOCKED) b
        """)

    /// Claims up to $2 tasks of the given types, the most urgent ones first. Other types are left to workers of another
    /// version.
    ///
    /// The statement locks up to $2 tasks of each type, sorts them all, and takes the first $2. So a paused or bounded
    /// type does not delay the other types. Usually only one type has $2 or more tasks in the queue. If several types
    /// have so many, the tasks that are not taken stay locked until the commit. To lock a task costs a tenth of what it
    /// costs to claim it. The statement takes at most $5 tasks of a bounded type; $5 is the number of the worker's
    /// threads. Further tasks would only wait in this worker, although other workers could compute them.
    ///
    /// If the worker holds nothing ($4) and the queue has a suspect (``FinishSQL/recover``), the statement claims only
    /// this suspect.
    ///
    /// $6: for each type, where to begin to scan (``ClaimStart``).
    ///
    /// The inner parts are materialized. Otherwise PostgreSQL could run them more than once, and so take more tasks
    /// than their limit. Tasks that another claim has locked are skipped. The UPDATE finds the locked rows by their
    /// ctid, which cannot change while the rows are locked. If another session changed a row just before the lock, the
    /// row has a new ctid that this statement does not see. Then the row is left to the next claim.
    ///
    /// The last columns: the task's rank minus the time of the claim, and how long it took to find the tasks, both in
    /// microseconds; how many dead rows the table has; whether one of the types is bounded; and whether a suspect of a
    /// bounded type could run now. The worker needs the last column because no notification says that such a type has
    /// become free.
    static let claim = PostgresStatement(
        "claim",
        """
        WITH open AS MATERIALIZED (
            SELECT q.type, coalesce(now() + q.lead * interval '1 microsecond', '-infinity') AS start,
                CASE WHEN s.concurrency IS NULL THEN $2
                WHEN s.type <> ALL (string_to_array(coalesce(current_setting('millrace.bounds', true), ''), ',')) THEN 0
                ELSE greatest(0, least($2, $5, s.concurrency - (
                    SELECT count(*) FROM (
                        SELECT FROM task t WHERE t.worker_id IS NOT NULL AND t.type = s.type LIMIT s.concurrency) r)))
                END AS quota, s.concurrency IS NOT NULL AS is_bounded
            FROM unnest($3::text[], $6::int8[]) AS q (type, lead) LEFT JOIN task_type s ON s.type = q.type
            WHERE s.is_paused IS NOT TRUE
        ), suspect AS MATERIALIZED (
            SELECT ctid FROM task
            WHERE $4 AND worker_id IS NULL AND suspect_of IS NOT NULL AND run_at <= now()
                AND type = ANY (ARRAY(SELECT type FROM open WHERE quota > 0))
            ORDER BY priority, run_at, id
            LIMIT 1
            FOR UPDATE SKIP LOCKED
        ), next AS MATERIALIZED (
            SELECT f.ctid
            FROM open o CROSS JOIN LATERAL (
                SELECT ctid, id, rank, run_at FROM task
                WHERE type = o.type AND worker_id IS NULL AND suspect_of IS NULL AND run_at <= now()
                    AND rank >= o.start
                ORDER BY rank, run_at, id
                LIMIT o.quota
                FOR UPDATE SKIP LOCKED
            ) f
            WHERE NOT EXISTS (SELECT FROM suspect)
            ORDER BY f.rank, f.run_at, f.id
            LIMIT $2
        )
        UPDATE task SET worker_id = $1, attempts = least(attempts + 1, 32767), started_at = clock_timestamp()
        WHERE ctid = ANY (ARRAY(SELECT ctid FROM suspect UNION ALL SELECT ctid FROM next))
        RETURNING id, type, input, attempts, max_attempts, suspect_of IS NOT NULL,
            (extract(epoch FROM rank - now()) * 1000000)::int8,
            (extract(epoch FROM started_at - statement_timestamp()) * 1000000)::int8,
            (SELECT pg_stat_get_dead_tuples('task'::regclass)), (SELECT bool_or(is_bounded) FROM open),
            EXISTS (SELECT FROM task
                    WHERE worker_id IS NULL AND suspect_of IS NOT NULL AND run_at <= now()
                        AND type = ANY (ARRAY(SELECT type FROM open WHERE is_bounded AND quota > 0)))
        """)

    /// Finds out when there will be work, after a claim that found nothing. Returns:
    /// - when the first postponed task of these types is due, in microseconds from now;
    /// - whether a task is due that this worker's claim skipped, because another session had locked the task (to claim
    ///   it, or to mark it as awaited);
    /// - whether there is a suspect;
    /// - whether a task of a bounded type is due, suspect or not.
    ///
    /// No notification says that a locked task or a bounded type has become free, so the worker looks again after a
    /// short pause. $2: where to begin to scan, as for a claim.
    ///
    /// The first postponed task is searched for each type separately, so that the scan need not step over the many
    /// tasks of a paused type.
    static let nextDue = PostgresStatement(
        "next_due",
        """
        WITH open AS MATERIALIZED (
            SELECT q.type, s.concurrency IS NOT NULL AS is_bounded, EXISTS (
                SELECT FROM task t
                WHERE t.type = q.type AND t.worker_id IS NULL AND t.suspect_of IS NULL AND t.run_at <= now()
                    AND t.rank >= coalesce(now() + q.lead * interval '1 microsecond', '-infinity')) AS is_due,
                (SELECT t.run_at FROM task t
                 WHERE t.type = q.type AND t.worker_id IS NULL AND (t.run_at > t.created_at) IS TRUE
                    AND t.suspect_of IS NULL AND t.run_at > now()
                 ORDER BY t.run_at LIMIT 1) AS next_at
            FROM unnest($1::text[], $2::int8[]) AS q (type, lead) LEFT JOIN task_type s ON s.type = q.type
            WHERE s.is_paused IS NOT TRUE
        )
        SELECT
            (SELECT (extract(epoch FROM min(next_at) - clock_timestamp()) * 1000000)::int8 FROM open),
            EXISTS (SELECT FROM open WHERE is_due AND NOT is_bounded),
            EXISTS (SELECT FROM task
                    WHERE worker_id IS NULL AND suspect_of IS NOT NULL AND run_at <= now()
                        AND type = ANY (ARRAY(SELECT type FROM open WHERE NOT is_bounded))),
            EXISTS (SELECT FROM open WHERE is_due AND is_bounded)
                OR EXISTS (SELECT FROM task
                           WHERE worker_id IS NULL AND suspect_of IS NOT NULL AND run_at <= now()
                               AND type = ANY (ARRAY(SELECT type FROM open WHERE is_bounded)))
        """)

    /// Puts back tasks that were not started. The attempt does not count.
    static let giveBack = puttingBack("give_back", "id = ANY ($2)")

    /// Puts back all tasks that the worker still owns. The attempts do not count.
    static let giveBackAll = puttingBack("give_back_all", "id = ANY (ARRAY(SELECT id FROM task WHERE worker_id = $1))")

    /// Updates the locked rows in the order of their cache keys, which is the order in which ``SubmitSQL`` inserts.
    /// Another order could cause a deadlock: this statement may wait for an identical task that another session has
    /// inserted and is about to withdraw, and that session may wait for a row that this statement has already put back.
    /// An UPDATE would follow the order of the index that its plan uses. An INSERT follows the order of its rows. All
    /// of these rows exist, so `ON CONFLICT` updates them.
    private static func puttingBack(_ name: String, _ condition: String) -> PostgresStatement {
        PostgresStatement(
            name,
            """
            WITH mine AS MATERIALIZED (
                SELECT * FROM task WHERE \(condition) AND worker_id = $1 ORDER BY id FOR UPDATE
            ), returned AS (
                INSERT INTO task SELECT * FROM mine ORDER BY cache_key
                ON CONFLICT (id) DO UPDATE SET worker_id = NULL, started_at = NULL, attempts = task.attempts - 1
                RETURNING suspect_of
            )
            SELECT pg_notify('millrace_work', CASE WHEN bool_or(suspect_of IS NOT NULL) THEN 'suspects' ELSE 'again' END)
            FROM returned HAVING count(*) > 0
            """)
    }

    static let signOff = PostgresStatement("worker_sign_off", "DELETE FROM worker WHERE id = $1")
}
