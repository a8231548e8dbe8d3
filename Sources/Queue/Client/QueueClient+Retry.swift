internal import Postgres
package import Tasks

/// The outcome of a request to retry a task.
package enum Retry: Sendable, Hashable {
    /// The task is queued, or was queued already; or it was retried and has ended since it was looked up.
    case queued(TaskRecord)
    case isCompleted
    /// The input was deleted when the task ended, and the request brings none.
    case needsInput
    /// The request brings another input than the one that the task was submitted with.
    case isOtherInput
    case unknown
}

extension QueueClient {
    /// Queues a failed or cancelled task again, under the same id, for as many attempts as it had. Blocks.
    /// - Parameters:
    ///   - found: the task as it was looked up. Only this end of the task is retried, and only once, even if a
    ///     connection is lost meanwhile.
    ///   - task: the task as it was submitted; `nil` if its input was kept.
    package func retry(_ found: TaskRecord, as task: PreparedTask?) throws(QueueError) -> Retry {
        guard let endedAt = found.completedAt else { return .queued(found) }
        let (id, end) = (PostgresValue.uuid(found.id), PostgresValue.timestamptz(endedAt.microseconds))
        let queued = try queries.run { connection in
            guard let task else {
                return try connection.execute(RetrySQL.retry.with(id, .null(.bytea), .null(.bytea), end))
            }
            let secret = try cacheSecret ?? connection.execute(CacheSQL.secret.with()).bytes(0, 0) ?? []
            let digest = CacheKey(KeyedDigest(secret: secret), type: task.type, input: task.input)
            return try connection.execute(RetrySQL.retry.with(id, .bytea(task.input), .bytea(digest.bytes), end))
        }
        if queued.rowCount == 1, let record = queued.taskRecord(0) { return .queued(record) }
        guard let now = try lookUp(found.id) else { return .unknown }
        // It was retried meanwhile, perhaps by this call, and has ended again.
        if now.completedAt != endedAt { return .queued(now) }
        if now.status == .completed { return .isCompleted }
        return task == nil ? .needsInput : .isOtherInput
    }
}
