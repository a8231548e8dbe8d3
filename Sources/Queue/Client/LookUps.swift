internal import Logging
internal import Postgres
internal import Threading

/// Reads tasks: a thread that takes all requests that arrived meanwhile, and answers them with one statement.
final class LookUps: Sendable {
    typealias Answer = Result<TaskRecord?, QueueError>

    enum Request: Sendable {
        /// Read, and tell.
        case read(TaskID, then: @Sendable (Answer) -> Void)
        /// Have the node told when the task is finished; then read it, and tell.
        case watch(TaskID, then: @Sendable (Answer) -> Void)
        case cancel(TaskID, by: TaskID, then: @Sendable (Result<Cancellation, QueueError>) -> Void)
    }

    private let requests: Consumers<Request>

    /// - Parameter keepsFailedInput: of tasks that are cancelled.
    init(_ configuration: PostgresConfiguration, keepsFailedInput: Bool, logger: Logger) {
        requests = Consumers("queue-lookup") { requests in
            var work = Work(
                link: DatabaseLink(configuration, settings: SessionSettings.node, logger: logger),
                keepsFailedInput: keepsFailedInput, logger: logger)
            requests.forEachBatch(BatchPace()) { work.answer($0) }
        }
    }

    /// - Returns: `false` after ``finish()``.
    @discardableResult
    func add(_ request: Request) -> Bool { requests.add(request) }

    /// Answers what has been asked, then ends the thread.
    func finish() { requests.finish() }
}

private struct Work {
    var link: DatabaseLink
    let keepsFailedInput: Bool
    let logger: Logger

    /// Ids of one statement at most.
    private static let batchLimit = 2000

    mutating func answer(_ arrived: [LookUps.Request]) {
        for start in stride(from: 0, to: arrived.count, by: Self.batchLimit) {
            answer(batch: arrived[start..<min(start + Self.batchLimit, arrived.count)])
        }
    }

    private mutating func answer(batch: ArraySlice<LookUps.Request>) {
        var ids: Set<TaskID> = []
        var watched: Set<TaskID> = []
        for request in batch {
            switch request {
            case .read(let id, _): ids.insert(id)
            case .watch(let id, _):
                ids.insert(id)
                watched.insert(id)
            case .cancel: break
            }
        }
        let records = ids.isEmpty ? .success([:]) : read(ids, watching: watched)
        for request in batch {
            switch request {
            case .read(let id, let then), .watch(let id, let then): then(records.map { $0[id] })
            case .cancel: break
            }
        }
        // After the reading: they may have to wait for a lock.
        for case .cancel(let id, let canceller, let then) in batch { then(cancel(id, by: canceller)) }
    }

    private mutating func read(
        _ ids: Set<TaskID>, watching watched: Set<TaskID>
    ) -> Result<[TaskID: TaskRecord], QueueError> {
        do {
            var records = try link.repeatable { (connection) throws(PostgresError) in
                try connection.execute(LookUpSQL.read.with(ids: ids)).taskRecords
            }
            // Mostly the tasks are finished by the time somebody asks for them.
            let unfinished = watched.filter { records[$0].map { !$0.status.isFinished } ?? false }
            if unfinished.isEmpty { return .success(records) }
            let again = try link.repeatable { (connection) throws(PostgresError) in
                // The mark is committed together with the reading that follows it, which has a newer snapshot: a task
                // that it shows unfinished cannot be finished unnoticed, its row is locked by the mark until then.
                try connection.execute([
                    LookUpSQL.lossIsHarmless.with(), LookUpSQL.markAwaited.with(.uuids(unfinished)),
                    LookUpSQL.read.with(ids: unfinished),
                ])[2].taskRecords
            }
            for id in unfinished { records[id] = again[id] }
            return .success(records)
        } catch {
            return .failure(failure(error))
        }
    }

    private mutating func cancel(_ id: TaskID, by canceller: TaskID) -> Result<Cancellation, QueueError> {
        let cancel = LookUpSQL.cancel.with(.uuid(id), .uuid(canceller), .bool(keepsFailedInput))
        do {
            return .success(
                try link.repeatable { (connection) throws(PostgresError) in
                    let cancelled = try connection.execute(cancel)
                    if cancelled.rowCount == 1, let record = cancelled.taskRecord(0) {
                        let others = cancelled.integer(0, 9) ?? 0
                        return others == 0 ? .cancelled(record) : .shared(record, others: others)
                    }
                    let found = try connection.execute(LookUpSQL.read.with(ids: [id]))
                    return found.rowCount == 1 ? found.taskRecord(0).map { .alreadyFinished($0) } ?? .unknown : .unknown
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
