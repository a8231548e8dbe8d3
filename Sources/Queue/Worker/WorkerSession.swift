internal import Glibc
package import Logging
package import Postgres
package import Threading

/// A worker's session with the queue: it owns what it claims, for exactly as long as it lives. One thread uses it.
package final class WorkerSession {
    package struct Configuration: Sendable {
        package var postgres: PostgresConfiguration
        /// Shown in the `worker` table (`WORKER_NAME`).
        package var name: String
        /// The types it can compute.
        package var types: [String]
        /// How many tasks it computes at a time.
        package var concurrency: Int
        /// How long a result is served from the cache (`MILLRACE_CACHE_TTL`). Zero: nothing is cached.
        package var cacheTTL: Duration
        /// The input of a task that failed is kept, so that it can be sent again (`MILLRACE_KEEP_FAILED_INPUT`).
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

    /// How long it has to be quiet before the database is asked what is due next. Under load it never is; and tasks
    /// that were locked by others at the last claim are free again by then, as their transactions are short.
    private static let quiet = Duration.milliseconds(5)
    /// How soon it looks again for tasks of a bounded type, which are free when another worker has stored a result.
    private static let boundedPause = Duration.milliseconds(40)
    /// The same where another worker was just claiming of it, or this one did not ask for it.
    private static let takenPause = Duration.milliseconds(5)

    private struct Registration {
        let connection: PostgresConnection
        let worker: Int32
        let line: ExchangeLine
    }

    private let configuration: Configuration
    private let types: PostgresValue
    private let watch: WorkerWatch?
    private let logger: Logger
    /// The row of the cache's counters this session adds to.
    private let slot = Int16.random(in: 0...255)
    private var registration: Registration?
    /// The last number it had. While it has no registration: of a session that was lost.
    private var lastWorker: Int32 = 0
    private var lastExchange = 0
    /// A notification of work has come that no claim has answered.
    private var isWorkAnnounced = false
    /// There may be tasks that are to run alone: stop claiming others, and claim as soon as nothing is held.
    package private(set) var mayHaveSuspects = false
    /// A type of the last claim is bounded: with each end a task of it may have become free, and nobody tells of it.
    package private(set) var hasBounds = false
    /// The next claim is to ask for the bounded types: there are some, or it is not known. One that did not ask takes
    /// nothing of them, so after one that brought nothing it is not known.
    private var mayHaveBounds = true
    /// When the next task is due that was put off; the outer `nil`: not asked since the last exchange.
    private var nextDue: ContinuousClock.Instant??
    private var isBoundedWorkLeft = false
    /// The last claim took nothing of some bounded type: another worker's had it, or it did not ask.
    private var areBoundsLeft = false
    private var claimStart = ClaimStart()

    /// Does not connect yet.
    /// - Parameter watch: of the same process; it learns this session's place in the ring of workers.
    package init(_ configuration: Configuration, watch: WorkerWatch?, logger: Logger) {
        self.configuration = configuration
        types = .texts(configuration.types)
        self.watch = watch
        self.logger = logger
    }

    package var isRegistered: Bool { registration != nil }

    /// This worker's number, as long as it is registered.
    package var workerID: Int32? { registration?.worker }

    /// Connects and registers; after ``QueueError/sessionLost``, again, as a new worker. One attempt: pause in between.
    package func register() throws(QueueError) {
        registration = nil
        let start = ContinuousClock.now
        do throws(PostgresError) {
            let connection = try PostgresConnection(configuration.postgres, settings: SessionSettings.fixedPlans)
            let worker = Int32(try connection.execute(WorkerSQL.newID.with()).integer(0, 0) ?? 0)
            // The lock comes before the row: a row without a lock is a dead worker.
            guard try connection.execute(WorkerSQL.lock.with(.int4(worker))).bool(0, 0) == true else {
                throw PostgresError(.server, message: "the lock of a new worker is taken")
            }
            try connection.execute([
                WorkerSQL.register.with(.int4(worker), .text(configuration.name)),
                WorkerSQL.survive.with(.int4(lastWorker)), WorkerSQL.absolve.with(.int4(lastWorker)),
            ])
            try connection.execute(text: "LISTEN millrace_work")
            registration = Registration(connection: connection, worker: worker, line: ExchangeLine(connection))
            lastWorker = worker
            isWorkAnnounced = true
            mayHaveSuspects = true
            nextDue = nil
            watch?.follow(worker)
            DatabaseOutage.ended(configuration.postgres, logger: logger)
            logger.info("Registered", metadata: ["worker.id": "\(worker)"])
        } catch {
            DatabaseOutage.noticed(configuration.postgres, error, since: start, logger: logger)
            throw QueueError(error)
        }
    }

    /// Stores the ends of attempts and claims new tasks, in one round trip and one commit:
    /// ``begin(completed:claim:isAlone:)`` and ``finish()`` in one.
    package func exchange(
        completed: [TaskCompletion], claim: Int, isAlone: Bool = false
    ) throws(QueueError) -> [ClaimedTask] {
        if completed.isEmpty, claim <= 0 { return [] }
        _ = try begin(completed: completed, claim: claim, isAlone: isAlone)
        return try finish().tasks
    }

    /// Sends what stores the ends of attempts and claims new tasks, in one transaction, and does not wait for it.
    ///
    /// More may be begun while one is underway: the database goes on to the next without waiting for this process. They
    /// are all of this one session, so what holds for one holds for each: it is committed while the session's lock is
    /// held, or not at all. A completion of a task that is no longer this session's (cancelled meanwhile) stores nothing.
    /// - Parameters:
    ///   - completed: not empty, unless something is claimed.
    ///   - claim: how many tasks at most; 0 is fine.
    ///   - isAlone: this worker holds nothing beyond what is completed here. Then it gets a suspect alone, if there is one
    ///     and no other exchange is underway.
    /// - Returns: the number by which ``finish()`` calls it.
    /// - Throws: ``QueueError/sessionLost``: nothing is this worker's any more, neither what is completed in exchanges that
    ///   are underway nor what it still computes. Drop all of it and register again.
    package func begin(completed: [TaskCompletion], claim: Int, isAlone: Bool = false) throws(QueueError) -> Int {
        let registration = try registered()
        if claim > 0 {
            // The claim's snapshot is newer than any announcement that has arrived by now.
            isWorkAnnounced = false
            nextDue = nil
            watch?.noteWork()
        }
        lastExchange += 1
        let exchange = Exchange(
            number: lastExchange, ends: completed, claim: claim, isAlone: isAlone && registration.line.isEmpty,
            isOverlapped: !registration.line.isEmpty, worker: registration.worker,
            asksForBounds: mayHaveBounds, starts: claimStart.starts(configuration.types, now: .now), types: types,
            slot: slot, configuration: configuration)
        do throws(PostgresError) {
            try registration.line.begin(exchange)
        } catch {
            throw lose(error)
        }
        return exchange.number
    }

    /// Waits for an exchange that is underway: the oldest one, unless the server rolled that back and it had to be sent
    /// again.
    /// - Throws: as ``begin(completed:claim:isAlone:)``.
    package func finish() throws(QueueError) -> Exchanged {
        let line = try registered().line
        let (exchange, results): (Exchange, [PostgresResult])
        do throws(PostgresError) {
            (exchange, results) = try line.finish()
        } catch {
            throw lose(error)
        }
        if exchange.claim > 0 { areBoundsLeft = exchange.areBoundsLeft(results) }
        let tasks = exchange.claimed(results).map { take($0, exchange) } ?? []
        return Exchanged(
            number: exchange.number, start: exchange.start, asked: exchange.claim,
            isUrgent: !exchange.awaited(results).isEmpty || hasBounds, tasks: tasks)
    }

    private func take(_ claimed: PostgresResult, _ exchange: Exchange) -> [ClaimedTask] {
        let leads = claimed.leads
        if claimed.rowCount > 0 { hasBounds = claimed.bool(0, 9) == true }
        mayHaveBounds = claimed.rowCount == 0 || hasBounds
        // A suspect was taken without looking at the others.
        if claimed.rowCount != 1 || claimed.bool(0, 5) != true {
            let isClaimAlone = exchange.stored == 0 && !exchange.isOverlapped
            claimStart.claimed(
                configuration.types, from: exchange.starts, found: leads, isFull: claimed.rowCount == exchange.claim,
                search: claimed.search ?? (isClaimAlone ? .now - exchange.start : nil), deadRows: claimed.deadRows,
                now: .now)
        }
        // The statement takes the most urgent ones, and returns them in any order.
        let tasks = leads.indices
            .compactMap { row in claimed.claimedTask(row).map { (lead: leads[row].lead, task: $0) } }
            .sorted { ($0.lead, $0.task.id) < ($1.lead, $1.task.id) }
            .map(\.task)
        watch?.noteClaimed(tasks.count)
        if exchange.isAlone {
            mayHaveSuspects = tasks.first?.isSuspect ?? false
        } else if claimed.rowCount > 0, claimed.bool(0, 10) == true {
            mayHaveSuspects = true
        }
        return tasks
    }

    /// Puts claimed tasks back that were not started, as if they had not been claimed.
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

    private func registered() throws(QueueError) -> Registration {
        guard let registration else { throw .sessionLost }
        return registration
    }

    /// Runs one transaction. Whatever goes wrong for good ends the session: then the server says by itself that nothing
    /// is this worker's any more, and there is no state to mend.
    private func run<Value>(
        _ body: (PostgresConnection) throws(PostgresError) -> Value
    ) throws(QueueError) -> Value {
        let connection = try registered().connection
        var attempts = 0
        while true {
            attempts += 1
            do {
                return try body(connection)
            } catch {
                if error.isWorthAnotherRun, attempts < 5 { continue }
                throw lose(error)
            }
        }
    }

    private func lose(_ error: PostgresError) -> QueueError {
        logger.error("Lost the queue session", metadata: ["error": "\(error)"])
        registration = nil
        return .sessionLost
    }
}

// Sleeping.
extension WorkerSession {
    package enum Wakeup: Sendable {
        /// There may be something to claim.
        case work
        /// `wake` was signalled (and has been drained).
        case woken
        case timeout
    }

    /// Sleeps until there may be work, or until woken.
    /// - Parameters:
    ///   - upTo: at most this long. Ends by itself when a task's `run_at` comes.
    ///   - heedWork: `false`: do not wake for new work (there is no room for it).
    package func waitForWork(upTo: Duration, wake: EventFD, heedWork: Bool = true) throws(QueueError) -> Wakeup {
        let start = ContinuousClock.now
        while true {
            try hear()
            if heedWork, isWorkAnnounced { return .work }
            let now = ContinuousClock.now
            var limit = start + upTo - now
            if heedWork {
                if nextDue == nil, now - start >= Self.quiet, try isWorkLeft() { return .work }
                var next = nextDue ?? start + Self.quiet
                if nextDue != nil, isBoundedWorkLeft {
                    let again = start + (areBoundsLeft ? Self.takenPause : Self.boundedPause)
                    next = min(next ?? again, again)
                }
                if let whole = claimStart.wholeLookAt { next = min(next ?? whole, whole) }
                if let left = next.map({ $0 - now }) {
                    if left <= .zero { return .work }
                    limit = min(limit, left)
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

    private func hear() throws(QueueError) {
        let notifications = try run { (connection) throws(PostgresError) in try connection.takeNotifications() }
        if notifications.isEmpty { return }
        isWorkAnnounced = true
        if notifications.contains(where: { $0.payload == "suspects" }) { mayHaveSuspects = true }
        if notifications.contains(where: { !$0.payload.isEmpty }) { claimStart.wasToldOfOthers() }
        watch?.noteWork()
    }

    /// Learns when the next task is due.
    /// - Returns: whether one is due already, and was locked when this session claimed, or is a suspect; of a bounded type
    ///   none counts.
    private func isWorkLeft() throws(QueueError) -> Bool {
        let starts = PostgresValue.integers(claimStart.starts(configuration.types, now: .now))
        let row = try run { (connection) throws(PostgresError) in
            try connection.execute(WorkerSQL.nextDue.with(types, starts))
        }
        nextDue = .some(row.integer(0, 0).map { .now + .microseconds($0) })
        isBoundedWorkLeft = row.bool(0, 3) == true
        if row.bool(0, 2) == true { mayHaveSuspects = true }
        return row.bool(0, 1) == true || row.bool(0, 2) == true
    }
}

extension PostgresResult {
    /// Of what a claim took.
    fileprivate var leads: [(type: String, lead: Int64)] {
        (0..<rowCount).map { (text($0, 1) ?? "", Int64(integer($0, 6) ?? 0)) }
    }

    /// How long a claim took to find its tasks.
    fileprivate var search: Duration? {
        (0..<rowCount).compactMap { integer($0, 7) }.min().map { .microseconds($0) }
    }

    fileprivate var deadRows: Int? { rowCount > 0 ? integer(0, 8) : nil }

    fileprivate func claimedTask(_ row: Int) -> ClaimedTask? {
        guard let id = taskID(row, 0), let type = text(row, 1), let input = bytes(row, 2),
            let attempt = integer(row, 3), let maxAttempts = integer(row, 4), let isSuspect = bool(row, 5)
        else { return nil }
        return ClaimedTask(
            id: id, type: type, input: input, attempt: attempt, maxAttempts: maxAttempts, isSuspect: isSuspect)
    }
}
