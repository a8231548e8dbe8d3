internal import Postgres

/// Requests with an `Idempotency-Key`.
///
/// Before a transaction stores the tasks of a request, it locks the key and looks it up. Afterwards it stores the key
/// with the answer to the request. If a node finds the key locked, another request with this key is under way, and the
/// node does not wait for it. The lock ends with the transaction, so a node that dies leaves nothing behind.
enum IdempotencySQL {
    /// Tries to lock each key. $1: for each key, a number that is computed from it. Returns for each key whether its
    /// lock was free.
    static let lock = PostgresStatement(
        "idempotency_lock",
        "SELECT n::int4, pg_try_advisory_xact_lock(k) FROM unnest($1::int8[]) WITH ORDINALITY AS l (k, n)")

    /// Looks keys up. Parameters: the keys, the fingerprints. For each task of each known key, it returns a row with
    /// the key's position in $1, whether the fingerprint is the same, the task's position in the request, and the
    /// task's outcome.
    ///
    /// Two conditions make PostgreSQL use the index on the key, even if its statistics are wrong. `i.key = ANY ($1)`
    /// repeats the join condition in a form that the index can answer. `IS TRUE` prevents a scan of the index on the
    /// expiry time.
    static let read = PostgresStatement(
        "idempotency_read",
        """
        SELECT k.n::int4, i.fingerprint = k.fingerprint, t.place::int4, t.id, t.is_cached, i.result
        FROM unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY AS k (key, fingerprint, n)
        JOIN idempotency_key i ON i.key = k.key AND i.key = ANY ($1) AND (i.expires_at > now()) IS TRUE
        CROSS JOIN LATERAL unnest(i.task_ids, i.are_cached) WITH ORDINALITY AS t (id, is_cached, place)
        """)

    /// Stores one key with the answer to its request. An expired entry of the same key is replaced.
    static let store = PostgresStatement(
        "idempotency_store",
        """
        INSERT INTO idempotency_key (key, fingerprint, expires_at, task_ids, are_cached, result)
        VALUES ($1, $2, now() + $3 * interval '1 microsecond', $4::uuid[], $5::bool[], $6::text::json)
        ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, expires_at = excluded.expires_at,
            task_ids = excluded.task_ids, are_cached = excluded.are_cached, result = excluded.result
        """)

    /// Removes up to $1 expired keys. Keys that are locked are left for the next run.
    static let removeExpired = PostgresStatement(
        "idempotency_expire",
        """
        WITH doomed AS MATERIALIZED (
            SELECT key FROM idempotency_key WHERE expires_at <= now()
            ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
        )
        DELETE FROM idempotency_key i USING doomed d WHERE i.key = d.key
        """)
}
