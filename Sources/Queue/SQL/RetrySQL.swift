internal import Postgres

enum RetrySQL {
    /// Queues a finished task again. Parameters: the task; its input and the digest of the input (``CacheKey``), both
    /// NULL to use the input that was kept; the time at which the task ended. The statement does not queue the task in
    /// these cases: the task is completed; no input is given and none was kept; the task was submitted with another
    /// input; the task did not end at this time. The last case means that the task was retried after the caller read
    /// the time. So if the statement is run twice, the task is queued only once.
    ///
    /// An input that the task was not submitted with is counted as a wrong input. After ``wrongInputLimit`` wrong
    /// inputs, the task takes no input at all. Statements for one task run one after the other: each locks the row of
    /// the task, and PostgreSQL checks the condition again when the statement has the lock. So inputs that arrive on
    /// several connections do not get past the limit.
    ///
    /// Returns the queued task, with NULL in the last column; or a row of NULLs with the number of wrong inputs in the
    /// last column; or no row.
    ///
    /// The task keeps its count of attempts, and may make as many further attempts as its submission allowed. It gets
    /// no cache key, so that it runs itself instead of joining another task. (The condition on the outcome is a CASE,
    /// so that it does not fit the index of failed and cancelled tasks.)
    static let retry = PostgresStatement(
        "retry",
        """
        WITH taken AS (
            DELETE FROM finished_task
            WHERE id = $1 AND completed_at = $4 AND CASE
                WHEN outcome = 'completed' THEN false
                WHEN $2::bytea IS NULL THEN input IS NOT NULL
                ELSE wrong_inputs < \(wrongInputLimit) AND \(isSameInput) END
            RETURNING id, type, outcome, attempts, created_at, started_at, completed_at, error, history, worker,
                coalesce(priority, 0) AS priority, coalesce(max_attempts, 5) AS max_attempts, coalesce($2, input) AS input,
                coalesce($3, input_digest) AS input_digest, client
        ), wrong AS (
            UPDATE finished_task SET wrong_inputs = wrong_inputs + 1
            WHERE id = $1 AND completed_at = $4 AND CASE
                WHEN outcome = 'completed' OR $2::bytea IS NULL THEN false
                ELSE wrong_inputs < \(wrongInputLimit) AND (\(isSameInput)) IS NOT TRUE END
            RETURNING wrong_inputs
        ), queued AS (
            INSERT INTO task
                (id, type, priority, max_attempts, attempts, attempts_before, awaited, run_at, created_at, input, input_digest,
                 last_error, history, rank, client)
            SELECT id, type, priority, least(32767, attempts + max_attempts), attempts, attempts, false, '-infinity',
                created_at, input, input_digest, error,
                CASE WHEN started_at IS NULL THEN history
                ELSE array_append(history, attempt(attempts, outcome::text, worker, started_at, completed_at, error)) END,
                now() + priority * interval '1 minute', client
            FROM taken
            RETURNING *
        ), woken AS MATERIALIZED (
            SELECT count(pg_notify('millrace_work', '')) AS n FROM queued
        )
        SELECT \(LookUpSQL.unfinishedColumns), NULL::int2 FROM queued, woken
        UNION ALL
        SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, wrong_inputs FROM wrong
        """)

    /// How many wrong inputs a task takes after it has ended.
    static let wrongInputLimit = 5

    /// If a task ended before migration `retry_guesses`, its row has the plain digest of the input.
    private static let isSameInput = "input_digest IN ($3::bytea, own_digest(id, $3::bytea))"
}
