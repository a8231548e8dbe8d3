internal import Postgres

enum RetrySQL {
    /// Task, and its input unless the kept one is meant. Nothing happens to a task that is completed or has no input.
    ///
    /// It goes on with the attempts it had, and may be started as often again. It has no cache key: somebody wants this
    /// very task to run. (The condition is a CASE so that the primary key is the only index that fits.)
    static let retry = PostgresStatement(
        "retry",
        """
        WITH taken AS (
            DELETE FROM finished_task
            WHERE id = $1 AND CASE outcome WHEN 'completed' THEN false ELSE coalesce($2, input) IS NOT NULL END
            RETURNING id, type, outcome, attempts, created_at, started_at, completed_at, error, history, worker,
                coalesce(priority, 0) AS priority, coalesce(max_attempts, 5) AS max_attempts, coalesce($2, input) AS input
        ), queued AS (
            INSERT INTO task
                (id, type, priority, max_attempts, attempts, attempts_before, awaited, run_at, created_at, input, last_error,
                 history, rank)
            SELECT id, type, priority, least(32767, attempts + max_attempts), attempts, attempts, false, '-infinity',
                created_at, input, error,
                CASE WHEN started_at IS NULL THEN history
                ELSE array_append(history, attempt(attempts, outcome::text, worker, started_at, completed_at, error)) END,
                now() + priority * interval '1 minute'
            FROM taken
            RETURNING *
        ), woken AS MATERIALIZED (
            SELECT count(pg_notify('millrace_work', '')) AS n FROM queued
        )
        SELECT \(LookUpSQL.unfinishedColumns) FROM queued, woken
        """)
}
