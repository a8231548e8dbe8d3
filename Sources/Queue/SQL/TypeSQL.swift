internal import Postgres

/// The settings that an administrator makes for task types. Workers read them with each claim (``WorkerSQL/claim``), so
/// a change applies from the next claim on.
enum TypeSQL {
    /// Pauses or resumes a type. Parameters: the type, whether it is paused. When it is resumed, sleeping workers are
    /// notified.
    static let pause = PostgresStatement(
        "type_pause",
        """
        WITH changed AS (
            INSERT INTO task_type (type, is_paused) VALUES ($1, $2)
            ON CONFLICT (type) DO UPDATE SET is_paused = excluded.is_paused
            RETURNING is_paused
        )
        SELECT count(CASE WHEN NOT is_paused THEN pg_notify('millrace_work', '') END) FROM changed
        """)

    /// Limits a type. Parameters: the type, how many of its tasks may be in processing at the same time.
    static let bound = PostgresStatement(
        "type_bound",
        """
        WITH changed AS (
            INSERT INTO task_type (type, concurrency) VALUES ($1, $2)
            ON CONFLICT (type) DO UPDATE SET concurrency = excluded.concurrency
            RETURNING 1
        )
        SELECT count(pg_notify('millrace_work', '')) FROM changed
        """)

    /// The settings of the given types, and how many of their tasks are queued and how many are being processed. The
    /// tasks are those of a range of clients: the least one is $2, the greatest one $3.
    static let list = PostgresStatement(
        "type_list",
        """
        SELECT q.type, coalesce(s.is_paused, false), s.concurrency,
            (SELECT count(*) FROM task t WHERE t.type = q.type AND t.worker_id IS NULL AND \(ofClients)),
            (SELECT count(*) FROM task t WHERE t.type = q.type AND t.worker_id IS NOT NULL AND \(ofClients))
        FROM unnest($1::text[]) WITH ORDINALITY AS q (type, place) LEFT JOIN task_type s ON s.type = q.type
        ORDER BY q.place
        """)

    /// Like ``list``, but it counts the tasks of one client ($2), which has a key.
    static let listOfClient = PostgresStatement(
        "type_list_of_client",
        """
        SELECT q.type, coalesce(s.is_paused, false), s.concurrency,
            (SELECT count(*) FROM task t WHERE \(ofClient) AND t.type = q.type AND t.worker_id IS NULL),
            (SELECT count(*) FROM task t WHERE \(ofClient) AND t.type = q.type AND t.worker_id IS NOT NULL)
        FROM unnest($1::text[]) WITH ORDINALITY AS q (type, place) LEFT JOIN task_type s ON s.type = q.type
        ORDER BY q.place
        """)

    private static let ofClients = "t.client >= $2::int8 AND t.client <= $3::int8"
    private static let ofClient = "t.client >= $2::int8 AND t.client <= $2::int8 AND t.client > 0"
}
