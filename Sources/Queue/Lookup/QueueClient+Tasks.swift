internal import Postgres

extension QueueClient {
    /// A page of tasks, newest first. Blocks.
    /// - Parameters:
    ///   - status: `nil`: tasks of any status.
    ///   - type: `nil`: tasks of any type.
    ///   - after: the last task of the page before; only older ones are returned.
    package func tasks(
        status: TaskStatus?, type: String?, limit: Int, after: TaskID?
    ) throws(QueueError) -> [TaskRecord] {
        let call = ListSQL.page(status, isOfType: type != nil).with(
            type.map { .text($0) } ?? .null(.text), .uuid(after ?? TaskID(high: .max, low: .max)), .int8(Int64(limit)))
        let page = try queries.run { try $0.execute(call) }
        return (0..<page.rowCount).compactMap { page.taskRecord($0) }
    }

    /// Looks a task up. Blocks.
    package func lookUp(_ id: TaskID) throws(QueueError) -> TaskRecord? {
        try queries.run { try $0.execute(LookUpSQL.read.with(ids: [id])) }.taskRecords[id]
    }

    /// The outcome of each attempt of a task, as a JSON array in the order of the attempts. Blocks.
    /// - Returns: `nil` if there is no such task.
    package func attempts(of id: TaskID) throws(QueueError) -> [UInt8]? {
        let found = try queries.run { try $0.execute(LookUpSQL.attempts.with(.uuid(id))) }
        return found.rowCount == 0 ? nil : found.bytes(0, 0)
    }
}
