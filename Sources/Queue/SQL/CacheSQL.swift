internal import Postgres

/// Statements about the result cache as a whole. ``SubmitSQL`` reads single entries, and ``FinishSQL`` writes them.
enum CacheSQL {
    static let statistics = PostgresStatement(
        "cache_statistics",
        """
        SELECT sum(hits)::int8, sum(misses)::int8, sum(sets)::int8, sum(evictions)::int8,
            (SELECT count(*) FROM result_cache WHERE expires_at > now())
        FROM cache_statistics
        """)

    /// The secret of cache keys, unless the installation configures its own.
    static let secret = PostgresStatement("cache_secret", "SELECT secret FROM cache_secret")

    /// Lets the rest of this transaction take as long as ``AnswerTimeout/long``.
    static let allowLongStatement = PostgresStatement(
        "allow_long_statement",
        "SELECT set_config('statement_timeout', '\(AnswerTimeout.long.components.seconds + 1)s', true)")

    /// Removes all entries, and returns how many of them were valid. It locks the rows in the order of their keys, like
    /// the statement that writes them, so that the two statements cannot deadlock.
    static let clear = PostgresStatement(
        "cache_clear",
        """
        WITH doomed AS MATERIALIZED (
            SELECT cache_key, expires_at > now() AS is_valid FROM result_cache ORDER BY cache_key FOR UPDATE
        ), removed AS (
            DELETE FROM result_cache c USING doomed d WHERE c.cache_key = d.cache_key RETURNING d.is_valid
        )
        SELECT count(*) FILTER (WHERE is_valid) FROM removed
        """)

    /// Removes up to $1 expired entries. Entries that are locked are left for the next run.
    static let removeExpired = PostgresStatement(
        "cache_expire",
        """
        WITH doomed AS MATERIALIZED (
            SELECT cache_key FROM result_cache WHERE expires_at <= now()
            ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
        )
        DELETE FROM result_cache c USING doomed d WHERE c.cache_key = d.cache_key
        """)

    static let count = PostgresStatement("cache_count", "SELECT count(*) FROM result_cache")

    /// Removes the $1 entries that would expire first, and counts them as evicted in slot $2.
    static let evict = PostgresStatement(
        "cache_evict",
        """
        WITH doomed AS MATERIALIZED (
            SELECT cache_key FROM result_cache ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
        ), removed AS (
            DELETE FROM result_cache c USING doomed d WHERE c.cache_key = d.cache_key RETURNING 1
        )
        UPDATE cache_statistics s SET evictions = s.evictions + n.evictions
        FROM (SELECT count(*) AS evictions FROM removed) n
        WHERE s.slot = $2 AND n.evictions > 0
        """)
}
