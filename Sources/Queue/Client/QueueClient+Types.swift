internal import Postgres

/// The settings of a task type, and how many of its tasks are unfinished.
package struct TypeState: Sendable, Hashable {
    package var type: String
    package var isPaused: Bool
    /// The maximum number of the type's tasks that may be in processing at the same time, over all workers; `nil`: no
    /// limit.
    package var concurrency: Int?
    package var queued: Int
    package var processing: Int
}

extension QueueClient {
    /// Reads the state of these types. Blocks.
    /// - Parameter visibility: whose tasks are counted.
    package func types(_ names: [String], by visibility: Visibility) throws(QueueError) -> [TypeState] {
        let (least, greatest) = visibility.bounds
        let call =
            visibility.isOfKey
            ? TypeSQL.listOfClient.with(.texts(names), .int8(least))
            : TypeSQL.list.with(.texts(names), .int8(least), .int8(greatest))
        let rows = try queries.run { try $0.execute(call) }
        return (0..<rows.rowCount).compactMap { row in
            guard let type = rows.text(row, 0), let isPaused = rows.bool(row, 1), let queued = rows.integer(row, 3),
                let processing = rows.integer(row, 4)
            else { return nil }
            return TypeState(
                type: type, isPaused: isPaused, concurrency: rows.integer(row, 2), queued: queued,
                processing: processing)
        }
    }

    /// Pauses or resumes a type. While it is paused, no more tasks of it are claimed, but claimed tasks continue.
    /// Blocks.
    package func setPaused(_ type: String, _ isPaused: Bool) throws(QueueError) {
        _ = try queries.run { try $0.execute(TypeSQL.pause.with(.text(type), .bool(isPaused))) }
    }

    /// Limits how many tasks of a type may be in processing at the same time, over all workers. Blocks.
    /// - Parameter concurrency: The maximum; `nil` for no limit.
    package func bound(_ type: String, to concurrency: Int?) throws(QueueError) {
        let limit = concurrency.map { PostgresValue.int4(Int32(clamping: $0)) } ?? .null(.int4)
        _ = try queries.run { try $0.execute(TypeSQL.bound.with(.text(type), limit)) }
    }
}
