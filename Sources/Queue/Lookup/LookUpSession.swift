internal import Logging
internal import Postgres

/// Answers the requests of ``LookUps`` in one database session.
struct LookUpSession {
    /// The maximum number of ids in one statement.
    private static let batchLimit = 2000

    var link: DatabaseLink
    let keepsFailedInput: Bool
    let logger: Logger

    mutating func answer(_ arrived: [LookUpRequest]) {
        for start in stride(from: 0, to: arrived.count, by: Self.batchLimit) {
            answer(batch: arrived[start..<min(start + Self.batchLimit, arrived.count)])
        }
    }

    private mutating func answer(batch: ArraySlice<LookUpRequest>) {
        var ids: Set<TaskID> = []
        var watched: [TaskID: [Visibility]] = [:]
        for request in batch {
            switch request {
            case .read(let id, _, _): ids.insert(id)
            case .watch(let id, let visibility, _):
                ids.insert(id)
                watched[id, default: []].append(visibility)
            case .cancel: break
            }
        }
        let records = ids.isEmpty ? .success([:]) : read(ids, watching: watched)
        for request in batch {
            switch request {
            case .read(let id, let visibility, let then), .watch(let id, let visibility, let then):
                then(records.map { $0[id].flatMap { visibility.covers($0.client) ? $0 : nil } })
            case .cancel: break
            }
        }
        // Cancellations come last, because they may have to wait for a lock.
        for case .cancel(let id, let visibility, let canceller, let then) in batch {
            then(cancel(id, by: visibility, canceller))
        }
    }

    private mutating func read(
        _ ids: Set<TaskID>, watching watched: [TaskID: [Visibility]]
    ) -> Result<[TaskID: TaskRecord], QueueError> {
        do {
            var records = try link.repeatable { (connection) throws(PostgresError) in
                try connection.execute(LookUpSQL.read.with(ids: ids)).taskRecords
            }
            // Most tasks are finished by the time somebody asks for them, and need no mark.
            let unfinished = Set(
                watched.keys.filter { id in
                    guard let record = records[id], !record.status.isFinished else { return false }
                    return watched[id]?.contains { $0.covers(record.client) } == true
                })
            if unfinished.isEmpty { return .success(records) }
            let again = try link.repeatable { (connection) throws(PostgresError) in
                // The mark and the read that follows it are one transaction, and the snapshot of the read is newer than
                // the mark. The mark keeps the row locked until the commit. So if this read shows a task as unfinished,
                // a notification will come when the task ends.
                try connection.execute([
                    LookUpSQL.commitAsynchronously.with(), LookUpSQL.markAwaited.with(.uuids(unfinished)),
                    LookUpSQL.read.with(ids: unfinished),
                ])[2].taskRecords
            }
            for id in unfinished { records[id] = again[id] }
            return .success(records)
        } catch {
            return .failure(failure(error))
        }
    }

    private mutating func cancel(
        _ id: TaskID, by visibility: Visibility, _ canceller: TaskID
    ) -> Result<Cancellation, QueueError> {
        let (least, greatest) = visibility.bounds
        let cancel = LookUpSQL.cancel.with(
            .uuid(id), .uuid(canceller), .bool(keepsFailedInput), .int8(least), .int8(greatest))
        do {
            return .success(
                try link.repeatable { (connection) throws(PostgresError) in
                    let cancelled = try connection.execute(cancel)
                    if cancelled.rowCount == 1, let record = cancelled.taskRecord(0) {
                        let others = cancelled.integer(0, 10) ?? 0
                        return others == 0 ? .cancelled(record) : .shared(record, others: others)
                    }
                    let found = try connection.execute(LookUpSQL.read.with(ids: [id]))
                    guard found.rowCount == 1, let record = found.taskRecord(0), visibility.covers(record.client) else {
                        return .unknown
                    }
                    return .alreadyFinished(record)
                })
        } catch {
            return .failure(failure(error))
        }
    }

    private func failure(_ error: PostgresError) -> QueueError {
        let failure = QueueError(error)
        if failure == .internalError {
            logger.error("The database refused a look-up", metadata: ["error": "\(error)"])
        }
        return failure
    }
}
