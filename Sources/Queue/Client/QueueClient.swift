package import Logging
package import Postgres
internal import Threading

/// An API node's side of the queue.
///
/// Its parts have threads with a session each: ``Submitter`` stores, ``LookUps`` reads and cancels, ``Listener`` waits
/// for ends; ``DatabaseProbe`` has a thread only. What blocks the caller takes a connection of a small pool.
package final class QueueClient: Sendable {
    package struct Configuration: Sendable {
        package var postgres: PostgresConfiguration
        /// Queued tasks at most, in the whole cluster (`MILLRACE_QUEUE_LIMIT`). 0: no limit.
        package var queueLimit: Int
        /// The secret of cache keys; `nil`: the one kept in the database. All nodes must agree on it.
        package var cacheSecret: [UInt8]?
        /// How long the answer to a submission with a key is kept (`MILLRACE_IDEMPOTENCY_TTL`).
        package var idempotencyTTL: Duration
        /// The input of a task that is cancelled is kept, so that it can be sent again (`MILLRACE_KEEP_FAILED_INPUT`).
        package var keepsFailedInput: Bool

        package init(
            postgres: PostgresConfiguration, queueLimit: Int = 1_000_000, cacheSecret: [UInt8]? = nil,
            idempotencyTTL: Duration = .seconds(86_400), keepsFailedInput: Bool = false
        ) {
            self.postgres = postgres
            self.queueLimit = queueLimit
            self.cacheSecret = cacheSecret
            self.idempotencyTTL = idempotencyTTL
            self.keepsFailedInput = keepsFailedInput
        }
    }

    /// Sessions of ``LookUps`` and ``Listener``; what these and ``Submitter`` leave of the connection limit is the pool's.
    private static let readingSessions = 2

    private let submitter: Submitter
    private let lookUps: LookUps
    private let listener: Listener
    private let pool: ConnectionPool
    private let probe: DatabaseProbe
    /// `nil`: the one kept in the database.
    let cacheSecret: [UInt8]?
    private let logger: Logger

    /// Does not need the database to be up: connects when it can, and again whenever it has to.
    package init(_ configuration: Configuration, logger: Logger) {
        self.logger = logger
        cacheSecret = configuration.cacheSecret
        submitter = Submitter(configuration, logger: logger)
        lookUps = LookUps(
            configuration.postgres, keepsFailedInput: configuration.keepsFailedInput, logger: logger)
        listener = Listener(configuration.postgres, lookUps: lookUps, logger: logger)
        var postgres = configuration.postgres
        let ownSessions = Self.readingSessions + Submitter.sessions(limit: postgres.connectionLimit)
        postgres.connectionLimit = max(1, postgres.connectionLimit - ownSessions)
        // A statement that nobody waits for any more ends at the server, too.
        let limit = "statement_timeout = '\(postgres.responseTimeout.components.seconds + 1)s'"
        let pool = ConnectionPool(postgres, settings: SessionSettings.node + [limit], logger: logger)
        self.pool = pool
        probe = DatabaseProbe { Self.ping(pool) }
    }

    /// Answers those who wait with what is known now, and from now on everybody without waiting. What is handed in is
    /// still stored: a node that is told to stop answers the requests that it has.
    package func endWaiting() { listener.stop() }

    /// Finishes what was handed in, answers those who wait, and ends the threads. Once.
    package func shutdown() {
        submitter.finish()
        endWaiting()
        lookUps.finish()
        probe.finish()
        pool.close()
    }

    /// Hands in tasks: all of them are stored, in one transaction, or none is.
    /// - Parameters:
    ///   - wait: with a single task only: answer `.finished` if it finishes within this time.
    ///   - key: the same tasks handed in with the same key again are answered as they were the first time.
    ///   - then: called once, on a thread of the queue, after the commit. Be short there.
    package func submit(
        _ tasks: [Submission], wait: Duration?, key: IdempotencyKey? = nil,
        then: @escaping @Sendable (Result<[SubmissionOutcome], QueueError>) -> Void
    ) {
        guard !tasks.isEmpty else { return then(.success([])) }
        guard let wait, wait > .zero, tasks.count == 1 else {
            return add(Submitter.Request(tasks: tasks, isAwaited: false, key: key, then: then))
        }
        let id = tasks[0].id
        let deadline = ContinuousClock.now + wait
        let state = Monitor(AwaitedSubmission(id: id))
        let act = { @Sendable [listener] (action: AwaitedSubmission.Action) in
            switch action {
            case .nothing: break
            case .answer(let answer): then(answer)
            case .waitFor(let other):
                listener.wait(other, for: deadline - .now) { then(Self.outcome(of: other, $0)) }
            }
        }
        // Before the task is stored: its end may come before the answer to the submission does.
        let ticket = listener.add(id, for: wait) { told in act(state.withLock { $0.told(told) }) }
        add(
            Submitter.Request(tasks: tasks, isAwaited: true, key: key) { [listener] answer in
                let action = state.withLock { $0.stored(answer) }
                if case .nothing = action {} else if let ticket { _ = listener.remove(ticket) }
                act(action)
            })
        if ticket == nil { act(state.withLock { $0.told(.failure(.shuttingDown)) }) }
    }

    /// Looks a task up; with `wait`, answers when it is finished or the time has passed.
    /// - Parameter then: `nil`: no such task.
    package func task(
        _ id: TaskID, wait: Duration?, then: @escaping @Sendable (Result<TaskRecord?, QueueError>) -> Void
    ) {
        if let wait, wait > .zero {
            listener.wait(id, for: wait, then)
        } else if !lookUps.add(.read(id, then: then)) {
            then(.failure(.shuttingDown))
        }
    }

    /// Cancels a task that is not finished, also one that is being processed: its result is then dropped.
    ///
    /// A task that several submissions share is cancelled when as many requests have done so.
    /// - Parameter canceller: the request. The same one again changes nothing.
    package func cancel(
        _ id: TaskID, by canceller: TaskID = TaskID(),
        then: @escaping @Sendable (Result<Cancellation, QueueError>) -> Void
    ) {
        if !lookUps.add(.cancel(id, by: canceller, then: then)) { then(.failure(.shuttingDown)) }
    }

    /// Answers within a few seconds, whatever else is under way here.
    package func isDatabaseUp(then: @escaping @Sendable (Bool) -> Void) { probe.ask(then) }

    private func add(_ request: Submitter.Request) {
        if !submitter.add(request) { request.then(.failure(.shuttingDown)) }
    }

    /// A submission is accepted whatever becomes of the waiting.
    private static func outcome(
        of id: TaskID, _ answer: Result<TaskRecord?, QueueError>
    ) -> Result<[SubmissionOutcome], QueueError> {
        guard case .success(let record?) = answer, record.status.isFinished else { return .success([.queued(id)]) }
        return .success([.finished(record)])
    }
}

// What blocks the caller.
extension QueueClient {
    /// Rows read at a time.
    private static let pageSize = 1000
    private static let patience = Duration.seconds(2)

    /// All completed tasks of these types, newest first. Blocks; memory does not grow with their number.
    ///
    /// Page by page, each with a statement of its own: a slow reader holds neither a connection nor a snapshot, which
    /// would keep the queue's dead rows alive.
    /// - Parameters:
    ///   - after: only tasks older than this one: the last of the page before.
    ///   - row: called for each; throw to stop.
    package func streamHashes(
        types: [String], limit: Int?, after: TaskID?, row: (HashRow) throws -> Void
    ) throws(QueueError) {
        let isOfType = types.count == 1
        let statement = isOfType ? LookUpSQL.completedPageOfType : LookUpSQL.completedPage
        let typeNames = isOfType ? PostgresValue.text(types[0]) : .texts(types)
        var left = limit ?? .max
        var last = after ?? TaskID(high: .max, low: .max)
        while left > 0 {
            let size = min(left, Self.pageSize)
            let call = statement.with(typeNames, .uuid(last), .int8(Int64(size)))
            let page = try run { try $0.execute(call) }
            for index in 0..<page.rowCount {
                guard let id = page.taskID(index, 0), let type = page.text(index, 1),
                    let result = page.bytes(index, 2), let completedAt = page.timestamp(index, 3)
                else { continue }
                last = id
                guard (try? row(HashRow(id: id, type: type, result: result, completedAt: completedAt))) != nil
                else { return }
            }
            left -= page.rowCount
            if page.rowCount < size { return }
        }
    }

    /// Blocks, about 2 s at most.
    package func cacheStatistics() throws(QueueError) -> CacheStatistics {
        let row = try run { try $0.execute(CacheSQL.statistics.with(), timeout: Self.patience) }
        return CacheStatistics(
            hits: row.integer(0, 0) ?? 0, misses: row.integer(0, 1) ?? 0, sets: row.integer(0, 2) ?? 0,
            evictions: row.integer(0, 3) ?? 0, entries: row.integer(0, 4) ?? 0)
    }

    /// Blocks. Returns how many valid entries were removed.
    package func clearCache() throws(QueueError) -> Int {
        try run { try $0.execute(CacheSQL.clear.with()) }.integer(0, 0) ?? 0
    }

    /// Once more on a new connection, where the server had closed the old one. Blocks, about 2 s as a rule.
    private static func ping(_ pool: ConnectionPool) -> Bool {
        for _ in 0..<2 {
            do {
                _ = try pool.withConnection(timeout: patience) { connection in
                    try connection.execute(LookUpSQL.ping.with(), timeout: patience)
                }
                return true
            } catch {
                guard (error as? PostgresError)?.kind == .connectionLost else { return false }
            }
        }
        return false
    }

    func run(_ body: (PostgresConnection) throws -> PostgresResult) throws(QueueError) -> PostgresResult {
        var attempts = 0
        while true {
            attempts += 1
            do {
                return try pool.withConnection(timeout: Self.patience, body)
            } catch let error as PostgresError {
                if attempts < 3, error.kind == .connectionLost || error.isTransactionRetryable { continue }
                let failure = QueueError(error)
                if failure == .internalError {
                    logger.error("The database refused a statement", metadata: ["error": "\(error)"])
                }
                throw failure
            } catch {
                throw .internalError
            }
        }
    }
}
