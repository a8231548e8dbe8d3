internal import Postgres

/// Statements that end attempts.
///
/// A statement deletes the rows of finished tasks, and stores results only for the rows that the DELETE returns. The
/// DELETE finds only tasks that this worker owns. So nothing is stored for a task that was cancelled or given to
/// another worker. One statement with one commit changes the row, the result, the cache entry and the counters.
/// Completions are the most frequent case, so their notification follows in a transaction of its own (``NotifySQL``).
///
/// The ids are sorted, and the plan finds the tasks in this order, so two statements that lock several tasks cannot
/// deadlock. The condition `(worker_id = $1) IS TRUE` fits no index. With `worker_id = $1`, the plan could use the
/// index of owners, which has another order and still contains an entry for each task that the worker has owned since
/// the last vacuum. The statement writes the cache's rows in the order of their keys, and updates the counters last.
enum FinishSQL {
    /// Tells the nodes about ended tasks that somebody waits for. A notification has up to 200 ids (7,400 bytes),
    /// because a payload is limited to 8,000 bytes.
    private static let notified = """
        notified AS MATERIALIZED (
            SELECT count(pg_notify('millrace_done', ids)) AS n
            FROM (SELECT string_agg(id::text, ',') AS ids
                  FROM (SELECT id, (row_number() OVER () - 1) / 200 AS part FROM removed WHERE awaited) r
                  GROUP BY part) p
        )
        """

    /// Locks all tasks in the order of their ids. Parameters: the worker, the ids. If the tasks may have different
    /// outcomes, this statement runs first: each outcome needs a separate pass over the ids, so the passes together do
    /// not lock the tasks in one order.
    static let lock = PostgresStatement(
        "finish_lock",
        """
        WITH mine AS MATERIALIZED (
            SELECT id FROM task WHERE id = ANY ($2) AND (worker_id = $1) IS TRUE ORDER BY id FOR UPDATE
        )
        SELECT count(*) FROM mine
        """)

    /// Stores results. Parameters: the worker, the ids, the results, how long they are cached, the counters' slot, the
    /// worker's name. Returns the ids of the tasks that somebody waits for.
    ///
    /// The statement finds the result of a task at the position of the task's id. It finds the position with a binary
    /// search in the sorted ids (`width_bucket`). If the ids were not sorted, the search would miss some ids, and the
    /// statement would not change their tasks. With a join instead of the search, the fixed plan (``SessionSettings``)
    /// would read all ids for each task. With 425 completions, that takes half of the statement's time.
    static let complete = PostgresStatement(
        "complete",
        """
        WITH removed AS (
            DELETE FROM task t
            WHERE id = ANY ($2::uuid[]) AND id = ($2::uuid[])[width_bucket(id, $2::uuid[])] AND (worker_id = $1) IS TRUE
            RETURNING t.id, t.type, t.cache_key, t.attempts, t.created_at, t.started_at, t.awaited, t.history, t.client,
                ($3::text[])[width_bucket(t.id, $2::uuid[])]::json AS result
        ), finished AS (
            INSERT INTO finished_task
                (id, type, outcome, attempts, created_at, started_at, completed_at, result, history, worker, client)
            SELECT id, type, 'completed', attempts, created_at, started_at, clock_timestamp(), result, history, $6::text,
                client
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
    /// and how many are finished. The error of a task is found at the position of the task's id, as in ``complete``.
    ///
    /// After the n-th attempt, the task pauses for a random share of min(2^(n-1) s, 5 min), from 50 % to 100 %. With
    /// full jitter, the share would begin at 0 %. That suits many clients of one server, but here each task should
    /// really pause.
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
                t.input, own_digest(t.id, coalesce(t.cache_key, t.input_digest)) AS digest, t.client
        ), finished AS (
            INSERT INTO finished_task
                (id, type, outcome, attempts, created_at, started_at, completed_at, error, history, worker, priority,
                 max_attempts, input, input_digest, client)
            SELECT id, type, 'failed', attempts, created_at, started_at, clock_timestamp(), error, history, $5::text,
                priority, max_attempts, CASE WHEN $6 THEN input END, digest, client
            FROM removed
        ), \(notified)
        SELECT (SELECT count(*) FROM retried), (SELECT count(*) FROM removed), n FROM notified
        """)

    /// Removes strays. A stray is a task in the queue that is already finished, so it cannot be stored as finished
    /// again. A node of a version without `refuse_finished` may have inserted it. The statement only runs after a
    /// duplicate key has shown that there is a stray, so that ``complete`` need not search for strays. It notifies
    /// waiting clients, because the node that inserted the stray did not know that the task was finished. Parameters:
    /// the worker, the ids, the smallest id, the greatest id.
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

    /// Requeues the tasks of a dead worker immediately. The caller holds the worker's lock, which proves that the
    /// worker is dead. A task that has used all its attempts fails instead. Otherwise a task that kills its workers
    /// would do so forever.
    ///
    /// If one of the tasks has killed the worker, it is unknown which one. Only the dead worker knew which tasks it had
    /// started, and storing each start would cost a commit per task. So the loss counts as an attempt only if the
    /// worker held a single task. If the worker held several tasks, their attempts do not count, and all of them become
    /// suspects. A suspect is claimed alone, by a worker that holds nothing else (``WorkerSQL/claim``). If this worker
    /// is lost as well, the suspect is to blame, and its attempt counts. The other suspects run to their end. (Claiming
    /// ever smaller groups of suspects would find the one task among 500 after 9 more losses. Claiming one suspect at a
    /// time finds it after one more loss, and takes a millisecond for each innocent task.) If only the session was lost
    /// and the process is alive (``WorkerSQL/markProcessAlive``), no task becomes a suspect.
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
                own_digest(t.id, coalesce(t.cache_key, t.input_digest)) AS digest, t.client
        ), finished AS (
            INSERT INTO finished_task
                (id, type, outcome, attempts, created_at, started_at, completed_at, error, history, worker, priority,
                 max_attempts, input, input_digest, client)
            SELECT id, type, 'failed', attempts, created_at, started_at, clock_timestamp(),
                loss || ', at attempt ' || attempts || ' of ' || max_attempts, history, (SELECT name FROM deregistered),
                priority, may_have, CASE WHEN $2 THEN input END, digest, client
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
