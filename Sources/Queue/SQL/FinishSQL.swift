internal import Postgres

/// The end of attempts.
///
/// All that is stored of a task comes from the rows that the DELETE returns, and the DELETE finds only tasks that this
/// worker owns. So for a task that was cancelled, or given to another worker, nothing is stored. Row, result, cache
/// entry and counters are one statement and one commit. Completions, the frequent case, are notified after it
/// (``NotifySQL``).
///
/// The ids are sorted, and the plan walks them in that order, so that two statements that lock several tasks cannot
/// deadlock. The condition `(worker_id = $1) IS TRUE` is written so that it fits no index: the index of owners has
/// another order, and still has the entries of all tasks that the worker had since the last vacuum. The cache's rows
/// are written in the order of their keys, and the counters last.
enum FinishSQL {
    /// Notifies those who wait. A notification has up to 200 ids (7,400 bytes), because a payload is limited to 8,000
    /// bytes.
    private static let notified = """
        notified AS MATERIALIZED (
            SELECT count(pg_notify('millrace_done', ids)) AS n
            FROM (SELECT string_agg(id::text, ',') AS ids
                  FROM (SELECT id, (row_number() OVER () - 1) / 200 AS part FROM removed WHERE awaited) r
                  GROUP BY part) p
        )
        """

    /// Locks all tasks in one order. Parameters: the worker, the ids. It runs first if the tasks have different
    /// outcomes, because each outcome is a separate pass over the ids.
    static let lock = PostgresStatement(
        "finish_lock",
        """
        WITH mine AS MATERIALIZED (
            SELECT id FROM task WHERE id = ANY ($2) AND (worker_id = $1) IS TRUE ORDER BY id FOR UPDATE
        )
        SELECT count(*) FROM mine
        """)

    /// Stores results. Parameters: the worker, the ids, the results, how long they are cached, the counters' slot, the
    /// worker's name. Returns the ids that somebody waits for.
    ///
    /// The result of a task is found by the position of its id, by a binary search in the sorted ids (`width_bucket`;
    /// if they were not sorted, the task would be left as it is). As the plans are fixed, a join with the ids would
    /// search all of them for each task: with 425 completions that took half the time.
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

    /// Ends attempts that failed. Parameters: the worker, the ids, the errors, whether each attempt may be retried, the
    /// worker's name, whether the input of a failed task is kept (``RetrySQL``). Returns how many tasks are retried,
    /// and how many are finished. The error of a task is found by the position of its id, as in ``complete``.
    ///
    /// The backoff before attempt n + 1 is between 50 % and 100 % of 2^(n-1) seconds, and at most 5 minutes. Full
    /// jitter, down to no backoff at all, suits many clients of one server; here the pause itself is wanted.
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
        ), \(notified)
        SELECT (SELECT count(*) FROM retried), (SELECT count(*) FROM removed), n FROM notified
        """)

    /// Removes strays from the queue: tasks that are finished already, so that they cannot be stored as finished again.
    /// A node of a version without `refuse_finished` may have inserted them. The statement only runs after a duplicate
    /// key has shown that there is a stray, so that ``complete`` need not check. It notifies waiting clients, because
    /// the node that inserted the stray did not know that the task was finished. Parameters: the worker, the ids, the
    /// smallest id, the greatest id.
    static let removeStrays = PostgresStatement(
        "remove_strays",
        """
        WITH removed AS (
            DELETE FROM task
            WHERE (worker_id = $1) IS TRUE AND id = ANY (ARRAY(
                SELECT id FROM finished_task WHERE id = ANY ($2) AND id >= $3 AND id <= $4 ORDER BY id))
            RETURNING id, awaited
        ), \(notified)
        SELECT n FROM notified
        """)

    /// Requeues the tasks of a dead worker at once; the caller holds the worker's lock, which proves that it is gone. A
    /// task that has used all its attempts fails instead, because a task that kills its workers must not do so for
    /// ever.
    ///
    /// If a task killed the worker, nobody can say which one: only the dead worker knew which tasks it had started, and
    /// to store each start would cost a commit per task. So the loss counts as an attempt only where there is no doubt,
    /// that is, if the worker held one task. If it held several, the attempt does not count and the tasks become
    /// suspects. A suspect is claimed alone, by a worker that holds nothing else (``WorkerSQL/claim``). If its worker
    /// is lost again, that is the task's own fault; the other suspects run to their end. (To claim ever smaller groups
    /// would find the one task among 500 with 9 more losses. One by one it takes one more loss, and each innocent task
    /// takes a millisecond.) A worker whose process is alive (``WorkerSQL/markProcessAlive``) leaves no suspects.
    ///
    /// Strays (``removeStrays``) are only removed, so that they do not block the recovery of the other tasks.
    ///
    /// $2: whether the input of a failed task is kept. Returns how many tasks are queued again, how many failed, and
    /// whether the worker was still registered: a worker that has signed off is not dead.
    static let recover = PostgresStatement(
        "recover",
        """
        WITH deregistered AS MATERIALIZED (
            DELETE FROM worker WHERE id = $1 RETURNING name, survived
        ), held AS MATERIALIZED (
            SELECT id, attempts, max_attempts, suspect_of FROM task
            WHERE id = ANY (ARRAY(SELECT id FROM task WHERE worker_id = $1)) AND worker_id = $1 ORDER BY id FOR UPDATE
        ), judged AS MATERIALIZED (
            SELECT id, attempts, max_attempts, survived,
                NOT survived AND (n = 1 OR suspect_of IS NOT NULL) AS is_to_blame,
                CASE WHEN NOT survived AND (n = 1 OR suspect_of IS NOT NULL) THEN 'the worker that ran it was lost'
                ELSE 'the worker that held it was lost' END AS loss
            FROM (SELECT count(*) AS n, coalesce((SELECT survived FROM deregistered), false) AS survived FROM held) c, held
        ), requeued AS (
            UPDATE task t SET worker_id = NULL, started_at = NULL,
                attempts = CASE WHEN j.is_to_blame THEN t.attempts ELSE t.attempts - 1 END,
                suspect_of = CASE WHEN NOT j.survived THEN $1 END,
                last_error = j.loss,
                history = array_append(t.history,
                    attempt(t.attempts, 'lost', (SELECT name FROM deregistered), t.started_at, clock_timestamp(), j.loss))
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
                loss || ', at attempt ' || attempts || ' of ' || max_attempts, history, (SELECT name FROM deregistered),
                priority, may_have, CASE WHEN $2 THEN input END, digest
            FROM removed
            ON CONFLICT DO NOTHING
        ), woken AS MATERIALIZED (
            SELECT count(pg_notify('millrace_work', kind)) AS n
            FROM (SELECT CASE WHEN bool_or(suspect_of IS NOT NULL) THEN 'suspects' ELSE 'again' END AS kind
                  FROM requeued HAVING count(*) > 0) k
        ), \(notified)
        SELECT (SELECT count(*) FROM requeued), (SELECT count(*) FROM removed), EXISTS (SELECT FROM deregistered)
        FROM notified, woken
        """)
}
