internal import Postgres

extension QueueClient {
    /// Reads the statistics of the cache. Blocks, for about 2 s at most.
    package func cacheStatistics() throws(QueueError) -> CacheStatistics {
        let row = try queries.run { try $0.execute(CacheSQL.statistics.with(), timeout: BlockingQueries.poolTimeout) }
        return CacheStatistics(
            hits: row.integer(0, 0) ?? 0, misses: row.integer(0, 1) ?? 0, sets: row.integer(0, 2) ?? 0,
            evictions: row.integer(0, 3) ?? 0, entries: row.integer(0, 4) ?? 0)
    }

    /// Removes all entries of the cache. Blocks.
    /// - Returns: how many valid entries were removed.
    package func clearCache() throws(QueueError) -> Int {
        // A million entries take longer than the session's `statement_timeout` allows.
        try queries.run {
            try $0.execute([CacheSQL.allowLongStatement.with(), CacheSQL.clear.with()], timeout: AnswerTimeout.long)[1]
        }.integer(0, 0) ?? 0
    }
}
