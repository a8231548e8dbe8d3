internal import Postgres

/// What is set of a type of tasks, and how much there is of it.
package struct TypeState: Sendable, Hashable {
    package var type: String
    package var isPaused: Bool
    /// How many of it are claimed at a time by all workers; `nil`: any number.
    package var concurrency: Int?
    package var queued: Int
    package var processing: Int
}

extension QueueClient {
    /// Blocks.
    package func types(_ names: [String]) throws(QueueError) -> [TypeState] {
        let rows = try run { try $0.execute(TypeSQL.list.with(.texts(names))) }
        return (0..<rows.rowCount).compactMap { row in
            guard let type = rows.text(row, 0), let isPaused = rows.bool(row, 1), let queued = rows.integer(row, 3),
                let processing = rows.integer(row, 4)
            else { return nil }
            return TypeState(
                type: type, isPaused: isPaused, concurrency: rows.integer(row, 2), queued: queued,
                processing: processing)
        }
    }

    /// From the next claim on none of the type is claimed, or it is again. What is claimed already goes on. Blocks.
    package func setPaused(_ type: String, _ isPaused: Bool) throws(QueueError) {
        _ = try run { try $0.execute(TypeSQL.pause.with(.text(type), .bool(isPaused))) }
    }

    /// - Parameter concurrency: how many of the type are claimed at a time by all workers; `nil`: any number. Blocks.
    package func bound(_ type: String, to concurrency: Int?) throws(QueueError) {
        let limit = concurrency.map { PostgresValue.int4(Int32(clamping: $0)) } ?? .null(.int4)
        _ = try run { try $0.execute(TypeSQL.bound.with(.text(type), limit)) }
    }
}
