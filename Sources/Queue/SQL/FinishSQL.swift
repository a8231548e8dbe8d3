internal import Postgres

/// The end of attempts.
///
/// Whatever is stored of a task is derived from the rows that the DELETE returns, and it deletes only what this worker
/// owns: a task that was cancelled, or given to another, leaves no trace here. Row, result, cache entry and counters are
/// one statement and one commit. Completions, the frequent case, are announced after it (``NotifySQL``).
///
/// The ids come sorted, and the plan walks them in that order: two statements that lock several tasks do not wait for
/// each other in a ring. (`(worker_id = $1) IS TRUE` fits no index: that of the owners has another order, and the entries
/// of all that the worker had since the last vacuum.) The cache's rows are written in the order of their keys, the counters last.
enum FinishSQL {
    /// Tells those who wait, up to 200 ids (7,400 bytes) a notification: a payload ends at 8,000 bytes.
    private static let told = """
        told AS MATERIALIZED (
            SELECT count(pg_notify('millrace_done', ids)) AS n
            FROM (SELECT string_agg(id::text, ',') AS ids
                  FROM (SELECT id, (row_number() OVER () - 1) / 200 AS part FROM removed WHERE awaited) r
                  GROUP BY part) p
        )
        """

    /// Worker, ids. Where tasks end in several ways each way is a pass of its own over the ids: so that all are locked in
    /// one order nevertheless, this goes before.
    static let lock = PostgresStatement(
        "finish_lock",
        """
        WITH mine AS MATERIALIZED (
            SELECT id FROM task WHERE id = ANY ($2) AND (worker_id = $1) IS TRUE ORDER BY id FOR UPDATE
        )
        SELECT count(*) FROM mine
        """)

    /// Worker, ids, results, how long they are cached, the counters' slot, the worker's name. Returns the ids that
    /// somebody waits for.
    ///
    /// A task's result is found by the place of its id, which a binary search in the sorted ids tells (`width_bucket`; were
    /// they not sorted, the task would be left alone). A join with the ids would look through all of them for each task,
    /// as the plans are fixed: of 425 completions that was half the time.
    static let complete = PostgresStatement(
        "complete",
        """
        WITH removed AS (
            DELETE FROM task t
            WHERE id = ANY ($2::uuid[]) AND id = ($2::uuid[])[width_bucket(id, $2::uuid[])] AND (worker_id = $1) IS TRUE
            RETURNING t.id, t.type, t.cache_key, t.attempts, t.created_at, t.started_at, t.awaited, t.history,
                ($3::text[])[width_bucket(t.id, $2::uuid[])]::json AS result
        ), finished AS (
            INSERT INTO finished_task
                (id, type, outcome, attempts, created_at, started_at, completed_at, result, history, worker)
            SELECT id, type, 'completed', attempts, created_at, started_at, clock_timestamp(), result, history, $6::text
            FROM removed
        ), cached AS (
            INSERT INTO result_cache AS c (cache_key, task_id, expires_at, result)
            SELECT cache_key, id, now() + $4 * interval '1 microsecond', result
            FROM removed WHERE cache_key IS NOT NULL AND $4 > 0::int8
            ORDER BY cache_key
            ON CONFLICT (cache_key) DO UPDATE
                SET task_id = excluded.task_id, expires_at = excluded.expires_at, result = excluded.result
            RETURNING 1
        ), counted AS (
            UPDATE cache_statistics s SET sets = s.sets + n.sets
            FROM (SELECT count(*) AS sets FROM cached) n
            WHERE s.slot = $5 AND n.sets > 0
        )
        SELECT id FROM removed WHERE awaited
        """)

    /// Worker, ids, errors, whether another attempt may help, the worker's name, whether the input of what failed is kept
    /// (``RetrySQL``). Returns how many will be tried again, and how many are finished. What belongs to a task is found by
    /// the place of its id, as for ``complete``.
    ///
    /// The pause before attempt n + 1 is between half and all of 2^(n-1) seconds, and 5 minutes at most. (Full jitter,
    /// down to no pause at all, is for many clients of one server; here a pause is what is wanted.)
    static let fail = PostgresStatement(
        "fail",
        """
        WITH drawn AS MATERIALIZED (
            SELECT clock_timestamp() AS now, array_agg(0.5 + random() / 2) AS share FROM unnest($2::uuid[])
        ), retried AS (
            UPDATE task t SET worker_id = NULL, started_at = NULL, suspect_of = NULL,
                last_error = ($3::text[])[width_bucket(t.id, $2::uuid[])],
                history = array_append(t.history,
                    attempt(t.attempts, 'failed', $5::text, t.started_at, d.now,
                        ($3::text[])[width_bucket(t.id, $2::uuid[])])),
                run_at = d.now + interval '1 second' * least(2 ^ (t.attempts - t.attempts_before - 1), 300)
                    * d.share[width_bucket(t.id, $2::uuid[])],
                rank = d.now + interval '1 second' * least(2 ^ (t.attempts - t.attempts_before - 1), 300)
                    * d.share[width_bucket(t.id, $2::uuid[])] + t.priority * interval '1 minute'
            FROM drawn d
            WHERE t.id = ANY ($2::uuid[]) AND t.id = ($2::uuid[])[width_bucket(t.id, $2::uuid[])]
                AND (t.worker_id = $1) IS TRUE
                AND ($4::bool[])[width_bucket(t.id, $2::uuid[])] AND t.attempts < t.max_attempts
            RETURNING t.id
        ), removed AS (
            DELETE FROM task t
            WHERE t.id = ANY ($2::uuid[]) AND t.id = ($2::uuid[])[width_bucket(t.id, $2::uuid[])]
                AND (t.worker_id = $1) IS TRUE
                AND NOT (($4::bool[])[width_bucket(t.id, $2::uuid[])] AND t.attempts < t.max_attempts)
            RETURNING t.id, t.type, t.attempts, t.created_at, t.started_at, t.awaited, t.history, t.priority,
                ($3::text[])[width_bucket(t.id, $2::uuid[])] AS error, t.max_attempts - t.attempts_before AS max_attempts,
                t.input, coalesce(t.cache_key, t.input_digest) AS digest
        ), finished AS (
            INSERT INTO finished_task
                (id, type, outcome, attempts, created_at, started_at, completed_at, error, history, worker, priority,
                 max_attempts, input, input_digest)
            SELECT id, type, 'failed', attempts, created_at, started_at, clock_timestamp(), error, history, $5::text,
                priority, max_attempts, CASE WHEN $6 THEN input END, digest
            FROM removed
        ), \(told)
        SELECT (SELECT count(*) FROM retried), (SELECT count(*) FROM removed), n FROM told
        """)

    /// Worker, ids, the least and the greatest of them. Takes those out of the queue that are finished already, and cannot be
    /// stored again: a node of a version before `refuse_finished` may have made them. Run only where that came to light, so
    /// that ``complete`` need not ask. Tells those who wait: they have made it, and have not looked for its end.
    static let removeStrays = PostgresStatement(
        "remove_strays",
        """
        WITH removed AS (
            DELETE FROM task
            WHERE (worker_id = $1) IS TRUE AND id = ANY (ARRAY(
                SELECT id FROM finished_task WHERE id = ANY ($2) AND id >= $3 AND id <= $4 ORDER BY id))
            RETURNING id, awaited
        ), \(told)
        SELECT n FROM told
        """)

    /// What a worker held whose lock is proof that it is gone: queued again at once, or, after as many attempts as the
    /// task may have, failed: a task that brings its worker down does not get to do so for ever.
    ///
    /// What ended the worker, if it was a task, nobody can say: which ones had begun is known to the dead alone, and to
    /// have each beginning stored would cost a commit for each task. So a loss counts as an attempt where there is no
    /// doubt: the worker held one task. If it held several the attempt does not count and they become suspects, which
    /// are claimed singly by workers that hold nothing else (``WorkerSQL/claim``). The second loss of the same task is
    /// its own then, and its neighbours of the first run to their ends. (Claiming ever smaller groups would find the
    /// one among 500 in 9 more losses; one by one it is the next, and the innocent ones take a millisecond each.)
    /// A worker whose process lives (``WorkerSQL/survive``) leaves no suspects.
    ///
    /// What is finished already (``removeStrays``) is only taken out: the other tasks of that worker must not wait for it.
    ///
    /// $2: whether the input of what failed is kept. Returns how many are queued again, how many failed, and whether the
    /// worker was still registered: one that has signed off is not dead.
    static let recover = PostgresStatement(
        "recover",
        """
        WITH forgotten AS MATERIALIZED (
            DELETE FROM worker WHERE id = $1 RETURNING name, survived
        ), held AS MATERIALIZED (
            SELECT id, attempts, max_attempts, suspect_of FROM task
            WHERE id = ANY (ARRAY(SELECT id FROM task WHERE worker_id = $1)) AND worker_id = $1 ORDER BY id FOR UPDATE
        ), judged AS MATERIALIZED (
            SELECT id, attempts, max_attempts, survived,
                NOT survived AND (n = 1 OR suspect_of IS NOT NULL) AS is_to_blame,
                CASE WHEN NOT survived AND (n = 1 OR suspect_of IS NOT NULL) THEN 'the worker that ran it was lost'
                ELSE 'the worker that held it was lost' END AS loss
            FROM (SELECT count(*) AS n, coalesce((SELECT survived FROM forgotten), false) AS survived FROM held) c, held
        ), requeued AS (
            UPDATE task t SET worker_id = NULL, started_at = NULL,
                attempts = CASE WHEN j.is_to_blame THEN t.attempts ELSE t.attempts - 1 END,
                suspect_of = CASE WHEN NOT j.survived THEN $1 END,
                last_error = j.loss,
                history = array_append(t.history,
                    attempt(t.attempts, 'lost', (SELECT name FROM forgotten), t.started_at, clock_timestamp(), j.loss))
            FROM judged j
            WHERE t.id = ANY (ARRAY(SELECT id FROM held)) AND t.id = j.id
                AND NOT (j.is_to_blame AND j.attempts >= j.max_attempts)
            RETURNING t.suspect_of
        ), removed AS (
            DELETE FROM task t USING judged j
            WHERE t.id = ANY (ARRAY(SELECT id FROM held)) AND t.id = j.id AND j.is_to_blame AND j.attempts >= j.max_attempts
            RETURNING t.id, t.type, t.attempts, t.max_attempts, t.created_at, t.started_at, t.awaited, t.history, j.loss,
                t.priority, t.max_attempts - t.attempts_before AS may_have, t.input,
                coalesce(t.cache_key, t.input_digest) AS digest
        ), finished AS (
            INSERT INTO finished_task
                (id, type, outcome, attempts, created_at, started_at, completed_at, error, history, worker, priority,
                 max_attempts, input, input_digest)
            SELECT id, type, 'failed', attempts, created_at, started_at, clock_timestamp(),
                loss || ', at attempt ' || attempts || ' of ' || max_attempts, history, (SELECT name FROM forgotten),
                priority, may_have, CASE WHEN $2 THEN input END, digest
            FROM removed
            ON CONFLICT DO NOTHING
        ), woken AS MATERIALIZED (
            SELECT count(pg_notify('millrace_work', kind)) AS n
            FROM (SELECT CASE WHEN bool_or(suspect_of IS NOT NULL) THEN 'suspects' ELSE 'again' END AS kind
                  FROM requeued HAVING count(*) > 0) k
        ), \(told)
        SELECT (SELECT count(*) FROM requeued), (SELECT count(*) FROM removed), EXISTS (SELECT FROM forgotten)
        FROM told, woken
        """)
}
