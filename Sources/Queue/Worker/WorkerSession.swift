internal import Glibc
package import Logging
package import Postgres
package import Threading

/// A worker's session with the queue. It owns the tasks that it claims, until the session ends. Only one thread may use
/// it.
package final class WorkerSession {
    package struct Configuration: Sendable {
        package var postgres: PostgresConfiguration
        /// The name in the `worker` table (`WORKER_NAME`).
        package var name: String
        /// The task types that it can compute.
        package var types: [String]
        /// How many tasks it computes at a time.
        package var concurrency: Int
        /// How long a result is served from the cache (`MILLRACE_CACHE_TTL`). Zero: nothing is cached.
        package var cacheTTL: Duration
        /// Whether the input of a failed task is kept, so that the task can be retried (`MILLRACE_KEEP_FAILED_INPUT`).
        package var keepsFailedInput: Bool

        package init(
            postgres: PostgresConfiguration, name: String, types: [String], concurrency: Int = 1,
            cacheTTL: Duration = .seconds(3600), keepsFailedInput: Bool = false
        ) {
            self.postgres = postgres
            self.name = name
            self.types = types
            self.concurrency = concurrency
            self.cacheTTL = cacheTTL
            self.keepsFailedInput = keepsFailedInput
        }
    }

    /// The maximum number of runs of a transaction that the server rolls back for a reason that is probably gone now.
    private static let maxRuns = 5

    private let configuration: Configuration
    private let types: PostgresValue
    private let watch: WorkerWatch?
    private let logger: Logger
    /// The row of the cache's counters that this session adds to.
    private let slot = Int16.random(in: 0...255)
    private var registration: WorkerRegistration?
    /// The last id that this process was registered with. While it is not registered, this is the id of a lost session.
    private var lastWorker: Int32 = 0
    private var lastTransaction = 0
    private var schedule = WakeSchedule()
    private var hints = ClaimHints()
    private var claimStart = ClaimStart()

    /// Does not connect yet.
    /// - Parameter watch: the watch of this process. The session tells it the id of the worker.
    package init(_ configuration: Configuration, watch: WorkerWatch?, logger: Logger) {
        self.configuration = configuration
        types = .texts(configuration.types)
        self.watch = watch
        self.logger = logger
    }

    package var isRegistered: Bool { registration != nil }

    /// This worker's id; `nil` while it is not registered.
    package var workerID: Int32? { registration?.worker }

    /// Whether there may be suspects, which have to run alone (``ClaimHints/mayHaveSuspects``).
    package var mayHaveSuspects: Bool { hints.mayHaveSuspects }

    /// Whether a task that ends may allow another one of a bounded type to run (``ClaimHints/hasBounds``).
    package var hasBounds: Bool { hints.hasBounds }

    /// Connects and registers. After ``QueueError/sessionLost``, it registers as a new worker. It makes only one
    /// attempt, so pause before the next call.
    package func register() throws(QueueError) {
        registration = nil
        let start = ContinuousClock.now
        do throws(PostgresError) {
            let registration = try WorkerRegistration(configuration, lastWorker: lastWorker, logger: logger)
            let worker = registration.worker
            self.registration = registration
            lastWorker = worker
            schedule.registered()
            hints.suspectsSeen()
            watch?.follow(worker)
            DatabaseOutage.ended(configuration.postgres, logger: logger)
            logger.info("Registered", metadata: ["worker.id": "\(worker)"])
        } catch {
            DatabaseOutage.noticed(configuration.postgres, error, since: start, logger: logger)
            throw QueueError(error)
        }
    }

    /// Claims new tasks and stores the ends of attempts, in one round trip and one commit:
    /// ``begin(completed:claim:isAlone:)`` and ``finish()`` in one.
    package func transact(
        completed: [TaskCompletion], claim: Int, isAlone: Bool = false
    ) throws(QueueError) -> [ClaimedTask] {
        if completed.isEmpty, claim <= 0 { return [] }
        _ = try begin(completed: completed, claim: claim, isAlone: isAlone)
        return try finish().tasks
    }

    /// Sends a transaction that claims new tasks and stores the ends of attempts. It does not wait for the result.
    ///
    /// More transactions may be begun while one is underway: the database goes on to the next without waiting for this
    /// process. All of them are in one session, so each of them is committed while the session's lock is held, or not
    /// at all. If a task no longer belongs to this session (for example, because it was cancelled), its completion
    /// stores nothing.
    /// - Parameters:
    ///   - completed: not empty, unless something is claimed.
    ///   - claim: how many tasks to claim at most; may be 0.
    ///   - isAlone: this worker holds nothing except what is completed here. Then it gets a suspect and nothing else,
    ///     if there is a suspect and no other transaction is underway.
    /// - Returns: the number that ``finish()`` reports for the transaction.
    /// - Throws: ``QueueError/sessionLost``: this worker owns nothing any more, neither what is completed in
    ///   transactions that are underway nor what it still computes. Drop all of it and register again.
    package func begin(completed: [TaskCompletion], claim: Int, isAlone: Bool = false) throws(QueueError) -> Int {
        let registration = try registered()
        let pipeline = registration.pipeline
        if claim > 0 {
            schedule.claimSent()
            watch?.recordWork()
        }
        lastTransaction += 1
        let transaction = WorkerTransaction(
            number: lastTransaction, ends: completed, claim: claim, isAlone: isAlone && pipeline.isEmpty,
            isOverlapped: !pipeline.isEmpty, worker: registration.worker,
            asksForBounds: hints.mayHaveBounds, starts: claimStart.starts(configuration.types, now: .now), types: types,
            slot: slot, configuration: configuration)
        do throws(PostgresError) {
            try pipeline.begin(transaction)
        } catch {
            throw lose(error)
        }
        return transaction.number
    }

    /// Waits for the oldest transaction that is underway. A transaction that the server rolls back is sent again and
    /// becomes the newest one.
    /// - Throws: as ``begin(completed:claim:isAlone:)``.
    package func finish() throws(QueueError) -> WorkerTransactionResult {
        let pipeline = try registered().pipeline
        let (transaction, results): (WorkerTransaction, [PostgresResult])
        do throws(PostgresError) {
            (transaction, results) = try pipeline.finish()
        } catch {
            throw lose(error)
        }
        if transaction.claim > 0 {
            schedule.claimed(areBoundsContended: transaction.areBoundsContended(results))
        }
        let claimed = transaction.claimed(results)
        if let claimed { learn(from: claimed, transaction) }
        return WorkerTransactionResult(
            number: transaction.number, start: transaction.start, asked: transaction.claim,
            isUrgent: !transaction.awaited(results).isEmpty || hints.hasBounds, tasks: claimed?.tasks ?? [])
    }

    private func learn(from rows: ClaimRows, _ transaction: WorkerTransaction) {
        hints.claimed(rows, isAlone: transaction.isAlone)
        watch?.recordClaimed(rows.tasks.count)
        if rows.isSuspect { return }
        let isClaimOnly = transaction.stored == 0 && !transaction.isOverlapped
        claimStart.claimed(
            configuration.types, from: transaction.starts, found: rows.leads, tookAll: rows.count == transaction.claim,
            searchTime: rows.searchTime ?? (isClaimOnly ? .now - transaction.start : nil), deadRows: rows.deadRows,
            now: .now)
    }

    /// Puts back claimed tasks that were not started, as if they had not been claimed.
    package func giveBack(_ tasks: [TaskID]) throws(QueueError) {
        if tasks.isEmpty { return }
        let worker = try registered().worker
        _ = try run { (connection) throws(PostgresError) in
            try connection.execute([WorkerSQL.giveBack.with(.int4(worker), .uuids(tasks))])
        }
    }

    /// Puts back what is still claimed, leaves the ring and disconnects.
    package func signOff() {
        guard let worker = registration?.worker else { return }
        _ = try? run { (connection) throws(PostgresError) in
            try connection.execute([WorkerSQL.giveBackAll.with(.int4(worker)), WorkerSQL.signOff.with(.int4(worker))])
        }
        registration = nil
    }

    private func registered() throws(QueueError) -> WorkerRegistration {
        guard let registration else { throw .sessionLost }
        return registration
    }

    /// Runs one transaction. An error that would occur again ends the session. Then the server itself guarantees that
    /// this worker owns nothing any more, and no state has to be repaired.
    private func run<Value>(
        _ body: (PostgresConnection) throws(PostgresError) -> Value
    ) throws(QueueError) -> Value {
        let connection = try registered().connection
        var runs = 0
        while true {
            runs += 1
            do {
                return try body(connection)
            } catch {
                if error.isWorthAnotherRun, runs < Self.maxRuns { continue }
                throw lose(error)
            }
        }
    }

    private func lose(_ error: PostgresError) -> QueueError {
        logger.error("Lost the queue session", metadata: ["error": "\(error)"])
        registration = nil
        return .sessionLost
    }

    // MARK: sleeping

    package enum Wakeup: Sendable {
        /// There may be something to claim.
        case work
        /// `wake` was signalled, and has been drained.
        case woken
        case timeout
    }

    /// Sleeps until there may be work, or until woken.
    /// - Parameters:
    ///   - upTo: the maximum time. The sleep also ends when a postponed task is due.
    ///   - wakesForWork: whether new work ends the sleep; `false` if the worker has no room for more tasks.
    package func waitForWork(
        upTo: Duration, wake: EventFD, wakesForWork: Bool = true
    ) throws(QueueError) -> Wakeup {
        let start = ContinuousClock.now
        while true {
            try readNotifications()
            let now = ContinuousClock.now
            var limit = start + upTo - now
            if wakesForWork {
                switch schedule.next(sleepingSince: start, fullScan: claimStart.nextFullScan, now: now) {
                case .claim: return .work
                case .ask:
                    if try askWhatIsDue() { return .work }
                    continue
                case .sleep(let wakeUp):
                    if let wakeUp { limit = min(limit, wakeUp - now) }
                }
            }
            if limit <= .zero { return .timeout }
            var entries = [
                pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: try registered().connection.socket, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&entries, 2, limit.pollMilliseconds)
            if entries[0].revents != 0 {
                wake.drain()
                return .woken
            }
        }
    }

    private func readNotifications() throws(QueueError) {
        let notifications = try run { (connection) throws(PostgresError) in try connection.takeNotifications() }
        if notifications.isEmpty { return }
        schedule.workAnnounced()
        if notifications.contains(where: { $0.payload == "suspects" }) { hints.suspectsSeen() }
        if notifications.contains(where: { !$0.payload.isEmpty }) { claimStart.urgentTaskAnnounced() }
        watch?.recordWork()
    }

    /// Asks the database when the next task is due.
    /// - Returns: whether a task is due now: one that was locked when this session claimed, or a suspect. Tasks of
    ///   bounded types do not count.
    private func askWhatIsDue() throws(QueueError) -> Bool {
        let starts = PostgresValue.integers(claimStart.starts(configuration.types, now: .now))
        let row = try run { (connection) throws(PostgresError) in
            try connection.execute(WorkerSQL.nextDue.with(types, starts))
        }
        let nextDue = row.integer(0, 0).map { ContinuousClock.now + .microseconds($0) }
        schedule.learned(nextDue: nextDue, isBoundedWorkLeft: row.bool(0, 3) == true)
        let isSuspectDue = row.bool(0, 2) == true
        if isSuspectDue { hints.suspectsSeen() }
        return row.bool(0, 1) == true || isSuspectDue
    }
}
