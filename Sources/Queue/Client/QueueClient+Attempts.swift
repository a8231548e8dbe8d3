internal import Postgres

extension QueueClient {
    /// What became of each attempt of a task, as a JSON array in their order. Blocks.
    /// - Returns: `nil`: no such task.
    package func attempts(of id: TaskID) throws(QueueError) -> [UInt8]? {
        let found = try run { try $0.execute(LookUpSQL.attempts.with(.uuid(id))) }
        return found.rowCount == 0 ? nil : found.bytes(0, 0)
    }
}
