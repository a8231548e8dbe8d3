internal import Logging
internal import Metrics
internal import Postgres
internal import Tasks
internal import Telemetry
internal import Threading

/// Stores what is submitted: a thread that takes all requests that arrived meanwhile as one batch and one commit.
///
/// While the disk writes one batch the next one gathers, so the batches grow with the load, and a lone request waits
/// for nobody.
final class Submitter: Sendable {
    typealias Answer = Result<[SubmissionOutcome], QueueError>

    struct Request: Sendable {
        let tasks: [Submission]
        let isAwaited: Bool
        var key: IdempotencyKey?
        let then: @Sendable (Answer) -> Void
    }

    private let requests = BlockingQueue<Request>()
    private let thread = Monitor<NamedThread?>(nil)

    init(_ configuration: QueueClient.Configuration, logger: Logger) {
        let requests = requests
        let thread = NamedThread("queue-submit") {
            var work = Work(configuration, logger: logger)
            requests.forEachBatch(BatchPace()) { work.store($0) }
        }
        self.thread.withLock { $0 = thread }
    }

    /// - Returns: `false` after ``finish()``.
    func add(_ request: Request) -> Bool { requests.append(request) }

    /// Stores what has been added, then ends the thread.
    func finish() {
        requests.close()
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }
}

/// What the thread has and does.
private struct Work {
    /// Tasks, input bytes and keys of one batch at most, if it has more than one request. A key is a lock until the
    /// commit, and the server's table of locks has 6,400 places for all sessions unless it is set otherwise.
    private static let batchLimit = (tasks: 2000, bytes: 8 << 20, keys: 300)
    /// How long a batch whose commit is in doubt waits for the database to come back and tell.
    private static let patience = Duration.seconds(2)

    private struct Session {
        let secret: [UInt8]
        let process: Int32
        /// Microseconds since 1970.
        let startedAt: Int64
    }

    /// Where the session's facts are put by the link that makes it.
    private final class SessionBox {
        var session: Session?
    }

    private let secret: [UInt8]?
    private let idempotencyTTL: Duration
    private let logger: Logger
    private let box = SessionBox()
    private var link: DatabaseLink
    private var permits: QueuePermits
    private let slot = Int16.random(in: 0...255)
    private var refusals = Occurrences(interval: .seconds(1))
    /// The last batch had tasks that are shared, so the next one may.
    private var expectsShared = false
    private let size = Recorder(label: "millrace_submission_size")

    init(_ configuration: QueueClient.Configuration, logger: Logger) {
        Telemetry.describe("millrace_submission_size", "Tasks submitted in one transaction.")
        secret = configuration.cacheSecret
        idempotencyTTL = configuration.idempotencyTTL
        self.logger = logger
        permits = QueuePermits(limit: configuration.queueLimit)
        let box = box
        link = DatabaseLink(configuration.postgres, settings: SessionSettings.node, logger: logger) {
            (connection) throws(PostgresError) in
            let row = try connection.execute(SubmitSQL.session.with())
            box.session = Session(
                secret: row.bytes(0, 0) ?? [], process: connection.serverProcess, startedAt: row.time(0, 1) ?? 0)
        }
    }

    mutating func store(_ arrived: [Submitter.Request]) {
        var start = arrived.startIndex
        while start < arrived.endIndex {
            var end = start
            var size = (tasks: 0, bytes: 0, keys: 0)
            repeat {
                size.tasks += arrived[end].tasks.count
                size.bytes += arrived[end].tasks.reduce(0) { $0 + $1.task.input.count }
                if arrived[end].key != nil { size.keys += 1 }
                end += 1
            } while end < arrived.endIndex
                && size.tasks + arrived[end].tasks.count <= Self.batchLimit.tasks && size.bytes < Self.batchLimit.bytes
                && size.keys < Self.batchLimit.keys
            store(batch: arrived[start..<end], tasks: size.tasks)
            start = end
        }
    }

    private mutating func store(batch arrived: ArraySlice<Submitter.Request>, tasks: Int) {
        var round: SubmissionRound
        var mayQueue: [Bool] = []
        do {
            let connection = try link.connected()
            try count(for: tasks, connection)
            for request in arrived { mayQueue.append(permits.take(request.tasks.count)) }
            size.record(tasks)
            round = SubmissionRound(arrived, mayQueue: mayQueue, secret: secret ?? box.session?.secret ?? [])
        } catch {
            link.dropIfLost(error)
            for request in arrived { request.then(.failure(QueueError(error))) }
            return
        }
        do throws(QueueError) {
            try run(&round)
        } catch {
            for (index, request) in arrived.enumerated() {
                // Stored by itself, before what went wrong with another.
                if error != .outcomeUnknown, let outcome = round.committedOutcome(ofRequest: index) {
                    request.then(.success(outcome))
                    continue
                }
                if mayQueue[index] { permits.giveBack(request.tasks.count) }
                request.then(.failure(error))
            }
            return
        }
        for (index, request) in arrived.enumerated() {
            permits.giveBack(round.unusedPlaces(ofRequest: index))
            request.then(round.answer(toRequest: index))
        }
    }

    private mutating func count(for tasks: Int, _ connection: PostgresConnection) throws(PostgresError) {
        guard permits.needsCount(for: tasks, at: .now) else { return }
        let start = ContinuousClock.now
        let counted = try connection.execute(SubmitSQL.countQueued.with(.int8(Int64(permits.limit))))
        permits.counted(queued: counted.integer(0, 0) ?? 0, cost: .now - start, at: .now)
    }

    /// Runs the transaction until it is committed, or surely is not.
    private mutating func run(_ round: inout SubmissionRound) throws(QueueError) {
        let deadline = ContinuousClock.now + Self.patience
        var attempts = 0
        var inDoubt: Session?
        var stored: Set<TaskID> = []
        while true {
            attempts += 1
            do {
                let connection = try link.connected(isUrgent: inDoubt != nil)
                if let session = inDoubt {
                    stored = try resolve(session, ids: round.batch.ids, connection)
                    inDoubt = nil
                }
                try transact(&round, stored, connection)
                if round.batch.hasNewWork { wakeWorkers(connection) }
                return
            } catch {
                if error.isConnectionLost {
                    link.drop()
                    // From here on the server may have committed what was sent, and nobody told us.
                    inDoubt = inDoubt ?? box.session
                    guard ContinuousClock.now < deadline else {
                        logger.error("A commit's outcome stays unknown", metadata: ["error": "\(error)"])
                        throw .outcomeUnknown
                    }
                    sleepCurrentThread(for: .milliseconds(20))
                } else if error.isTransactionRetryable, attempts < 10 {
                    stored.formUnion(round.committed)
                } else {
                    // One line a second: on a full disk each batch is refused.
                    if let count = refusals.count(at: .now) {
                        logger.error(
                            "The database refused a submission",
                            metadata: ["error": "\(error)", "times": .stringConvertible(count)])
                    }
                    if !round.committed.isEmpty, let connection = try? link.connected() { wakeWorkers(connection) }
                    throw QueueError(error)
                }
            }
        }
    }

    /// One request of one task is whole by itself: then each run of the statement is a transaction.
    private mutating func transact(
        _ round: inout SubmissionRound, _ stored: Set<TaskID>, _ connection: PostgresConnection
    ) throws(PostgresError) {
        let isExplicit = round.needsTransaction
        do throws(PostgresError) {
            var keys: ArraySlice<PostgresResult> = []
            if isExplicit { keys = try connection.execute([SubmitSQL.begin.with()] + round.keyCalls).dropFirst() }
            round.begin(keys: keys, stored: stored)
            var runs = 0
            // In a transaction of several statements a second run might have to wait while it holds insertions.
            let isPlain = !isExplicit && !expectsShared
            while round.batch.hasOpenRows && runs < (isPlain ? 2 : 1) || round.batch.isUnsettled {
                round.settle(try connection.execute(round.call(slot: slot, isPlain: isPlain && runs == 0)))
                runs += 1
                if runs == 20 { throw PostgresError(.server, sqlState: "40001", message: "no end of conflicts") }
            }
            expectsShared = round.batch.hasShared
            if isExplicit {
                try connection.execute(round.closingCalls(ttl: idempotencyTTL) + [SubmitSQL.commit.with()])
            }
        } catch {
            if isExplicit, !error.isConnectionLost {
                do { try connection.execute(text: "ROLLBACK") } catch { link.drop() }
            }
            throw error
        }
    }

    /// The tasks are stored: whatever goes wrong here, the workers find them by themselves a little later.
    private mutating func wakeWorkers(_ connection: PostgresConnection) {
        do {
            try connection.execute(NotifySQL.work.with())
        } catch {
            link.dropIfLost(error)
        }
    }

    /// Which of a lost transaction's tasks are stored, for certain: first that session is ended.
    private func resolve(
        _ session: Session, ids: [TaskID], _ connection: PostgresConnection
    ) throws(PostgresError) -> Set<TaskID> {
        let ended = try connection.execute(
            SubmitSQL.endSession.with(.int4(session.process), .timestamptz(session.startedAt)))
        // It may be waiting for the disk in the middle of its commit: ask again, as long as there is patience.
        if ended.bool(0, 0) == false { throw PostgresError(.timedOut, message: "the session in doubt does not end") }
        let known = try connection.execute(SubmitSQL.known.with(ids: ids))
        let stored = Set((0..<known.rowCount).compactMap { known.taskID($0, 0) })
        logger.notice(
            "Resolved a commit that was in doubt",
            metadata: ["tasks": "\(ids.count)", "stored": "\(stored.count)"])
        return stored
    }
}

extension DatabaseLink {
    mutating func dropIfLost(_ error: PostgresError) {
        if error.isConnectionLost { drop() }
    }
}
