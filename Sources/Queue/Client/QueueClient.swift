package import Logging
package import Postgres
internal import Threading

/// An API node's side of the queue.
///
/// Its parts have threads of their own, with a database session each: ``Submitter`` stores tasks, ``LookUps`` reads and
/// cancels them, ``CompletionListener`` waits until they end, ``DatabaseProbe`` checks the database. Calls that block
/// their caller use a small connection pool (``BlockingQueries``).
package final class QueueClient: Sendable {
    package struct Configuration: Sendable {
        package var postgres: PostgresConfiguration
        /// How many tasks may be queued, in the whole cluster (`MILLRACE_QUEUE_LIMIT`). 0: no limit.
        package var queueLimit: Int
        /// The secret of cache keys, which has to be the same on all nodes; `nil`: the one in the database.
        package var cacheSecret: [UInt8]?
        /// How long the answer to a submission with an idempotency key is kept (`MILLRACE_IDEMPOTENCY_TTL`).
        package var idempotencyTTL: Duration
        /// Whether the input of a cancelled task is kept, so that the task can be retried
        /// (`MILLRACE_KEEP_FAILED_INPUT`).
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

    /// The number of sessions of ``LookUps``, ``CompletionListener`` and ``DatabaseProbe``. The pool gets the rest of
    /// the connection limit, after these sessions and the sessions of ``Submitter``.
    private static let readingSessions = 3

    private let submitter: Submitter
    private let lookUps: LookUps
    private let listener: CompletionListener
    private let probe: DatabaseProbe
    /// The clients that have a key.
    package let clients: ClientDirectory
    let queries: BlockingQueries
    /// The secret of cache keys; `nil`: the one in the database.
    let cacheSecret: [UInt8]?

    /// Starts the threads. The database need not be up: each thread connects as soon as possible, and reconnects if
    /// necessary.
    package init(_ configuration: Configuration, logger: Logger) {
        cacheSecret = configuration.cacheSecret
        submitter = Submitter(configuration, logger: logger)
        var postgres = configuration.postgres.answered(within: AnswerTimeout.regular)
        lookUps = LookUps(postgres, keepsFailedInput: configuration.keepsFailedInput, logger: logger)
        probe = DatabaseProbe(postgres, logger: logger)
        let listening = postgres
        let ownSessions = Self.readingSessions + Submitter.sessions(limit: postgres.connectionLimit)
        postgres.connectionLimit = max(1, postgres.connectionLimit - ownSessions)
        // With this timeout, the server ends a statement that nobody waits for any more.
        let limit = "statement_timeout = '\(postgres.responseTimeout.components.seconds + 1)s'"
        let pool = ConnectionPool(postgres, settings: SessionSettings.node + [limit], logger: logger) {
            (connection) throws(PostgresError) in
            try SchemaCheck.check(connection, logger: logger)
        }
        let queries = BlockingQueries(pool, logger: logger)
        self.queries = queries
        let clients = ClientDirectory(logger: logger) { () throws(QueueError) in try queries.clients() }
        self.clients = clients
        listener = CompletionListener(listening, lookUps: lookUps, logger: logger) { clients.reload() }
    }

    /// Answers all waiting requests with the current state of their tasks. From now on, no request waits. But tasks can
    /// still be submitted, because a node that is stopping still handles the requests that it has received.
    package func endWaiting() { listener.stop() }

    /// Stores the submitted tasks, answers all waiting requests, and ends the threads. Call it once.
    package func shutdown() {
        submitter.finish()
        endWaiting()
        lookUps.finish()
        probe.finish()
        clients.finish()
        queries.close()
    }

    /// Submits tasks: all of them are stored, in one transaction, or none is.
    /// - Parameters:
    ///   - wait: only with a single task: answer `.finished` if the task finishes within this time.
    ///   - key: if the same tasks are submitted with the same key again, they get the same answer.
    ///   - then: called once, after the commit, on a thread of the queue. It must return quickly.
    package func submit(
        _ tasks: [Submission], wait: Duration?, key: IdempotencyKey? = nil,
        then: @escaping @Sendable (Result<[SubmissionOutcome], QueueError>) -> Void
    ) {
        guard !tasks.isEmpty else { return then(.success([])) }
        guard let wait, wait > .zero, tasks.count == 1 else {
            return add(SubmissionRequest(tasks: tasks, isAwaited: false, key: key, then: then))
        }
        let id = tasks[0].id
        let deadline = ContinuousClock.now + wait
        let state = Monitor(AwaitedSubmission(id: id))
        let act = { @Sendable [listener] (action: AwaitedSubmission.Action) in
            switch action {
            case .nothing: break
            case .answer(let answer): then(answer)
            case .waitFor(let other):
                listener.wait(other, by: .all, for: deadline - .now) { then(Self.outcome(of: other, $0)) }
            }
        }
        // The waiter is added before the task is stored, because the task may end before its commit is reported here.
        let ticket = listener.add(id, for: wait) { answer in act(state.withLock { $0.waited(answer) }) }
        add(
            SubmissionRequest(tasks: tasks, isAwaited: true, key: key) { [listener] answer in
                let action = state.withLock { $0.stored(answer) }
                if case .nothing = action {} else if let ticket { _ = listener.remove(ticket) }
                act(action)
            })
        if ticket == nil { act(state.withLock { $0.waited(.failure(.shuttingDown)) }) }
    }

    /// Looks a task up. With `wait`, answers when the task is finished or the time is up.
    /// - Parameters:
    ///   - visibility: whose tasks the caller may see.
    ///   - then: gets `nil` if there is no such task.
    package func task(
        _ id: TaskID, by visibility: Visibility, wait: Duration?,
        then: @escaping @Sendable (Result<TaskRecord?, QueueError>) -> Void
    ) {
        if let wait, wait > .zero {
            listener.wait(id, by: visibility, for: wait, then)
        } else if !lookUps.add(.read(id, by: visibility, then: then)) {
            then(.failure(.shuttingDown))
        }
    }

    /// Cancels a task that is not finished. If it is being processed, its result is dropped.
    ///
    /// If n submissions share a task, it is cancelled only after n requests to cancel it.
    /// - Parameters:
    ///   - visibility: whose tasks the caller may cancel.
    ///   - canceller: identifies the request. If the same request comes again, it does not count again.
    package func cancel(
        _ id: TaskID, by visibility: Visibility, canceller: TaskID = TaskID(),
        then: @escaping @Sendable (Result<Cancellation, QueueError>) -> Void
    ) {
        if !lookUps.add(.cancel(id, by: visibility, canceller: canceller, then: then)) { then(.failure(.shuttingDown)) }
    }

    /// Answers within a few seconds, however busy the node is.
    package func databaseState(then: @escaping @Sendable (DatabaseState) -> Void) { probe.ask(then) }

    private func add(_ request: SubmissionRequest) {
        if !submitter.add(request) { request.then(.failure(.shuttingDown)) }
    }

    /// The answer to a submission that was joined to another task. The submission is accepted, whether or not the other
    /// task finished in time.
    private static func outcome(
        of id: TaskID, _ answer: LookUpAnswer
    ) -> Result<[SubmissionOutcome], QueueError> {
        guard case .success(let record?) = answer, record.status.isFinished else { return .success([.queued(id)]) }
        return .success([.finished(record)])
    }
}
