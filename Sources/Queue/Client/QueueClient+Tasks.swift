internal import Postgres
package import Tasks

/// What became of sending a task again.
package enum Retry: Sendable, Hashable {
    /// It is queued, or was so already; or it has been sent again and ended since it was looked up.
    case queued(TaskRecord)
    case isCompleted
    /// The input was erased and has not been sent along.
    case needsInput
    /// The input that was sent along is not the one that the task was submitted with.
    case isOtherInput
    case unknown
}

extension QueueClient {
    /// A page of tasks, newest first. Blocks.
    /// - Parameters:
    ///   - status: `nil`: of any.
    ///   - type: `nil`: of any.
    ///   - after: only tasks older than this one: the last of the page before.
    package func tasks(
        status: TaskStatus?, type: String?, limit: Int, after: TaskID?
    ) throws(QueueError) -> [TaskRecord] {
        let call = ListSQL.page(status, isOfType: type != nil).with(
            type.map { .text($0) } ?? .null(.text), .uuid(after ?? TaskID(high: .max, low: .max)), .int8(Int64(limit)))
        let page = try run { try $0.execute(call) }
        return (0..<page.rowCount).compactMap { page.taskRecord($0) }
    }

    /// Looks a task up. Blocks.
    package func lookUp(_ id: TaskID) throws(QueueError) -> TaskRecord? {
        try run { try $0.execute(LookUpSQL.read.with(ids: [id])) }.taskRecords[id]
    }

    /// Queues a failed or cancelled task again, under its id, for as many attempts as it had. Blocks.
    /// - Parameters:
    ///   - found: the task, looked up before: what is to be tried again is this end of it, once, should a connection be
    ///     lost as well.
    ///   - task: as it was submitted; `nil`: its input was kept.
    package func retry(_ found: TaskRecord, as task: PreparedTask?) throws(QueueError) -> Retry {
        guard let endedAt = found.completedAt else { return .queued(found) }
        let (id, end) = (PostgresValue.uuid(found.id), PostgresValue.timestamptz(endedAt.microseconds))
        let queued = try run { connection in
            guard let task else {
                return try connection.execute(RetrySQL.retry.with(id, .null(.bytea), .null(.bytea), end))
            }
            let secret = try cacheSecret ?? connection.execute(CacheSQL.secret.with()).bytes(0, 0) ?? []
            let digest = CacheKey(KeyedDigest(secret: secret), type: task.type, input: task.input)
            return try connection.execute(RetrySQL.retry.with(id, .bytea(task.input), .bytea(digest.bytes), end))
        }
        if queued.rowCount == 1, let record = queued.taskRecord(0) { return .queued(record) }
        guard let now = try lookUp(found.id) else { return .unknown }
        // Sent again meanwhile, by this call perhaps, whatever became of it.
        if now.completedAt != endedAt { return .queued(now) }
        if now.status == .completed { return .isCompleted }
        return task == nil ? .needsInput : .isOtherInput
    }
}
