internal import Postgres

/// What a worker does in its session.
///
/// The session holds the advisory lock of its worker id from before its row in `worker` is seen until it ends. As long
/// as it is held nobody else touches its tasks; once it is gone the server has ended the session, and no statement of
/// it can commit any more. The lock says "alive" and fences at the same time, without heartbeats.
enum WorkerSQL {
    static let newID = PostgresStatement(
        "worker_new_id", "SELECT nextval(pg_get_serial_sequence('worker', 'id'))::int4")
    static let lock = PostgresStatement("worker_lock", "SELECT pg_try_advisory_lock(worker_lock_class(), $1)")
    static let register = PostgresStatement("worker_register", "INSERT INTO worker (id, name) VALUES ($1, $2)")

    /// The session of that id was lost and this process had it, so none of its tasks has ended a process. Whoever
    /// recovers them sees this mark, or has done so already, and then ``absolve`` sees the suspects.
    static let survive = PostgresStatement("worker_survive", "UPDATE worker SET survived = true WHERE id = $1")
    static let absolve = PostgresStatement(
        "worker_absolve",
        """
        WITH innocent AS MATERIALIZED (
            SELECT id FROM task
            WHERE id = ANY (ARRAY(SELECT id FROM task WHERE suspect_of = $1)) AND suspect_of = $1
            ORDER BY id FOR UPDATE
        )
        UPDATE task SET suspect_of = NULL WHERE id = ANY (ARRAY(SELECT id FROM innocent))
        """)

    /// Of these types, those that are bounded are for this claim alone until its commit: what it counts stays so. To be
    /// run right before it, as the claim's snapshot has to be newer than the lock.
    ///
    /// What another claim has is left to it, not waited for: should that worker be stopped in the middle (SIGSTOP, a
    /// frozen machine), it would keep all the others from their tasks of any type. Which ones were got is left to the
    /// claim in a parameter of the transaction; returned is whether there are others. Where it is not run the claim takes
    /// nothing of bounded types: a worker runs it where it has seen some, or has seen nothing to claim.
    static let lockBounds = PostgresStatement(
        "claim_bounds",
        """
        SELECT set_config('millrace.bounds', coalesce(string_agg(type, ','), ''), true),
            count(*) < (SELECT count(*) FROM task_type WHERE concurrency IS NOT NULL AND type = ANY ($1))
        FROM (SELECT type FROM task_type WHERE concurrency IS NOT NULL AND type = ANY ($1)
              ORDER BY type FOR UPDATE SKIP LOCKED) b
        """)

    /// Takes up to so many tasks of the types given, most urgent first. Others are left to workers of another version.
    ///
    /// The first ones of each type are locked and put in order, and then as many as were asked for are taken. So what is
    /// in the way of one type, paused or bounded, is in no other's; and as a rule one type has more than that many tasks
    /// waiting and the others a few. Where several have, some are locked in vain for as long as the commit takes, which
    /// costs a tenth of taking them. Of a bounded type no more are taken than $5, the worker's threads: to claim ahead
    /// would keep others from computing.
    ///
    /// A worker that holds nothing ($4) takes one suspect instead, if there is one, and nothing beside it: see
    /// ``FinishSQL/recover``.
    ///
    /// $6: for each type where to begin to look (``ClaimStart``).
    ///
    /// The inner parts are materialized: joined in, they could be run again, and take more than their limit. Tasks that
    /// another claim has locked are stepped over, not waited for. Those that were locked are found again by their place
    /// (ctid), where the lock keeps them; one that somebody changed just before it was locked is elsewhere for this
    /// statement, and left to the next claim. The last columns are what the tasks are to be put in
    /// order by, less the time of the claim; how long it took to find them, both in microseconds; how many dead rows the
    /// table has; whether one of the types is bounded; and whether there was a suspect of such a type that might run: when
    /// as many of it were underway as may be, or another claim had the type, nobody is told that this is over.
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

    /// When the first task of these types is due that was put off, in microseconds from now; whether there is one that is
    /// due now and was not claimed, because somebody else had it locked: another claim, or one who only marked it as
    /// awaited; whether there is a suspect; and whether there is a task of a bounded type, suspect or not. $2: where to
    /// begin to look, as for a claim. Asked when nothing could be claimed; no notification will tell of the second and the
    /// last, so the worker looks again in a moment.
    ///
    /// Each type has its own way to the first one put off: the many of a paused type are in no other's way.
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

    /// Puts back what was not started: the attempt does not count.
    static let giveBack = puttingBack("give_back", "id = ANY ($2)")

    /// The same for all it still has.
    static let giveBackAll = puttingBack("give_back_all", "id = ANY (ARRAY(SELECT id FROM task WHERE worker_id = $1))")

    /// Updates the rows, which are locked, in the order of their cache keys, as ``SubmitSQL`` inserts: an identical task that
    /// was inserted meanwhile, and is about to be taken back, is waited for, and whoever inserted it may be waiting for what
    /// was put back already. An UPDATE goes in the order of whatever index its plan walks; an insertion in that of its rows,
    /// and each of these is there.
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
