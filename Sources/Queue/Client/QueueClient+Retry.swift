internal import Postgres
package import Tasks

/// The outcome of a request to retry a task.
package enum Retry: Sendable, Hashable {
    /// The task is queued, or was queued already; or it has been retried and has ended again since it was looked up.
    case queued(TaskRecord)
    case isCompleted
    /// The input was deleted when the task ended, and the request contains none.
    case needsInput
    /// The request contains another input than the one that the task was submitted with.
    case isOtherInput
    /// The task got too many wrong inputs since it ended.
    case takesNoInput
    case unknown
}

extension QueueClient {
    /// Queues a failed or cancelled task again, under the same id. The task may make as many further attempts as its
    /// submission allowed. Blocks.
    /// - Parameters:
    ///   - found: the task as it was looked up. If the task has ended again since then, it is not retried. So it is
    ///     retried only once, even if a lost connection makes the statement run twice.
    ///   - task: the task with the input from the request; `nil`: use the input that was kept.
    package func retry(_ found: TaskRecord, as task: PreparedTask?) throws(QueueError) -> Retry {
        guard let endedAt = found.completedAt else { return try confirmed(found) }
        let (id, end) = (PostgresValue.uuid(found.id), PostgresValue.timestamptz(endedAt.microseconds))
        let queued = try queries.run { connection in
            guard let task else {
                return try connection.execute(RetrySQL.retry.with(id, .null(.bytea), .null(.bytea), end))
            }
            let secret = try cacheSecret ?? connection.execute(CacheSQL.secret.with()).bytes(0, 0) ?? []
            let digest = CacheKey(
                KeyedDigest(secret: secret), type: task.type, input: task.input, client: found.client.owner.rawValue)
            return try connection.execute(RetrySQL.retry.with(id, .bytea(task.input), .bytea(digest.bytes), end))
        }
        if queued.rowCount == 1 {
            guard let record = queued.taskRecord(0) else { return .isOtherInput }
            return .queued(record)
        }
        guard let now = try lookUp(found.id, by: .all) else { return .unknown }
        // Since it was looked up, the task was retried (perhaps by this call) and has ended again.
        if now.completedAt != endedAt { return try confirmed(now) }
        if now.status == .completed { return .isCompleted }
        return task == nil ? .needsInput : .takesNoInput
    }

    /// Reports a task as queued that this call did not queue. Before that, it waits until the task is as durable as if
    /// this call had queued it (``SubmitSQL/confirm``).
    private func confirmed(_ task: TaskRecord) throws(QueueError) -> Retry {
        do {
            _ = try queries.run { try $0.execute(SubmitSQL.confirm.with()) }
        } catch {
            throw .outcomeUnknown
        }
        return .queued(task)
    }
}
