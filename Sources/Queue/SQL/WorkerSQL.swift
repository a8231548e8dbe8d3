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
            SELECT id FROM task WHERE suspect_of = $1 ORDER BY id FOR UPDATE
        )
        UPDATE task t SET suspect_of = NULL FROM innocent i WHERE t.id = i.id
        """)

    /// Takes up to so many tasks of the types given, most urgent first. Others are left to workers of another version.
    ///
    /// A worker that holds nothing ($4) takes one suspect instead, if there is one, and nothing beside it: see
    /// ``FinishSQL/recover``.
    ///
    /// The inner parts are materialized: joined in, they could be run again, and take more than their limit. Tasks that
    /// another claim has locked are stepped over, not waited for.
    static let claim = PostgresStatement(
        "claim",
        """
        WITH suspect AS MATERIALIZED (
            SELECT id FROM task
            WHERE $4 AND worker_id IS NULL AND suspect_of IS NOT NULL AND run_at <= now() AND type = ANY ($3)
            ORDER BY priority, run_at, id
            LIMIT 1
            FOR UPDATE SKIP LOCKED
        ), next AS MATERIALIZED (
            SELECT id FROM task
            WHERE worker_id IS NULL AND suspect_of IS NULL AND run_at <= now() AND type = ANY ($3)
                AND NOT EXISTS (SELECT FROM suspect)
            ORDER BY priority, run_at, id
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        UPDATE task t SET worker_id = $1, attempts = t.attempts + 1, started_at = clock_timestamp()
        FROM (SELECT id FROM suspect UNION ALL SELECT id FROM next) n WHERE t.id = n.id
        RETURNING t.id, t.type, t.input, t.attempts, t.max_attempts, t.suspect_of IS NOT NULL
        """)

    /// When the first task of these types is due that was put off; whether there is one that is due now and was not
    /// claimed, because somebody else had it locked: another claim, or one who only marked it as awaited; and whether
    /// there is a suspect. Asked when nothing could be claimed; no notification will tell of the second, so the worker
    /// looks again in a moment.
    static let nextDue = PostgresStatement(
        "next_due",
        """
        SELECT
            (SELECT run_at FROM task
             WHERE worker_id IS NULL AND run_at > created_at AND type = ANY ($1) ORDER BY run_at LIMIT 1),
            EXISTS (SELECT FROM task
                    WHERE worker_id IS NULL AND suspect_of IS NULL AND run_at <= now() AND type = ANY ($1)),
            EXISTS (SELECT FROM task
                    WHERE worker_id IS NULL AND suspect_of IS NOT NULL AND run_at <= now() AND type = ANY ($1))
        """)

    /// Puts back what was not started: the attempt does not count.
    static let giveBack = PostgresStatement(
        "give_back",
        """
        WITH mine AS MATERIALIZED (
            SELECT id FROM task WHERE id = ANY ($2) AND worker_id = $1 ORDER BY id FOR UPDATE
        ), returned AS (
            UPDATE task t SET worker_id = NULL, started_at = NULL, attempts = t.attempts - 1
            FROM mine m WHERE t.id = m.id RETURNING t.suspect_of
        )
        SELECT pg_notify('millrace_work', CASE WHEN bool_or(suspect_of IS NOT NULL) THEN 'suspects' ELSE '' END)
        FROM returned HAVING count(*) > 0
        """)

    /// The same for all it still has.
    static let giveBackAll = PostgresStatement(
        "give_back_all",
        """
        WITH mine AS MATERIALIZED (
            SELECT id FROM task WHERE worker_id = $1 ORDER BY id FOR UPDATE
        ), returned AS (
            UPDATE task t SET worker_id = NULL, started_at = NULL, attempts = t.attempts - 1
            FROM mine m WHERE t.id = m.id RETURNING t.suspect_of
        )
        SELECT pg_notify('millrace_work', CASE WHEN bool_or(suspect_of IS NOT NULL) THEN 'suspects' ELSE '' END)
        FROM returned HAVING count(*) > 0
        """)

    static let signOff = PostgresStatement("worker_sign_off", "DELETE FROM worker WHERE id = $1")
}
