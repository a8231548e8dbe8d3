internal import Postgres

extension QueueClient {
    /// A page of tasks, newest first. Blocks.
    /// - Parameters:
    ///   - status: `nil`: tasks of any status.
    ///   - type: `nil`: tasks of any type.
    ///   - after: the last task of the page before; only older ones are returned.
    package func tasks(
        status: TaskStatus?, type: String?, by visibility: Visibility, limit: Int, after: TaskID?
    ) throws(QueueError) -> [TaskRecord] {
        let typeName = type.map { PostgresValue.text($0) } ?? .null(.text)
        let (last, size) = (
            PostgresValue.uuid(after ?? TaskID(high: .max, low: .max)), PostgresValue.int8(Int64(limit))
        )
        let (least, greatest) = visibility.bounds
        let call =
            visibility.isOfKey
            ? ListSQL.pageOfClient(status).with(typeName, last, size, .int8(least))
            : ListSQL.page(status, isOfType: type != nil).with(typeName, last, size, .int8(least), .int8(greatest))
        let page = try queries.run { try $0.execute(call) }
        return (0..<page.rowCount).compactMap { page.taskRecord($0) }
    }

    /// Looks a task up. Blocks.
    package func lookUp(_ id: TaskID, by visibility: Visibility) throws(QueueError) -> TaskRecord? {
        let record = try queries.run { try $0.execute(LookUpSQL.read.with(ids: [id])) }.taskRecords[id]
        return record.flatMap { visibility.covers($0.client) ? $0 : nil }
    }

    /// The outcome of each attempt of a task, as a JSON array in the order of the attempts. Blocks.
    /// - Returns: `nil` if there is no such task.
    package func attempts(of id: TaskID, by visibility: Visibility) throws(QueueError) -> [UInt8]? {
        let (least, greatest) = visibility.bounds
        let call = LookUpSQL.attempts.with(.uuid(id), .int8(least), .int8(greatest))
        let found = try queries.run { try $0.execute(call) }
        return found.rowCount == 0 ? nil : found.bytes(0, 0)
    }
}
