internal import Logging
internal import Metrics
internal import Postgres
internal import Tasks
internal import Threading

/// What a thread of ``Submitter`` has and does.
struct SubmissionWork {
    /// Tasks, input bytes and keys of one batch at most, if it has more than one request. A key is a lock until the
    /// commit, and the server's table of locks has 6,400 places for all sessions unless it is set otherwise.
    private static let batchLimit = (tasks: 2000, bytes: 8 << 20, keys: 300)
    /// How often a transaction is given up, and begun anew, because others were faster; and how often it is tried in all. To
    /// be given up costs some milliseconds; to go on may cost a second, if it ends in a deadlock.
    private static let attempts = (givenUp: 9, all: 14)
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
    private let permits: Monitor<QueuePermits>
    private let slot = Int16.random(in: 0...255)
    private var refusals = Occurrences(interval: .seconds(1))
    /// The last batch had tasks that are shared, so the next one may.
    private var expectsShared = false
    /// The last batch had tasks that are new, so the next one may.
    private var expectsNew = false
    /// The session that has sent a notification whose answer is not read, by its number among the link's.
    private var notifying: Int?
    /// Some of a batch have to wait for a lock, and are being told from the others.
    private var parting: Parting?
    private let size = Recorder(label: "millrace_submission_size")

    init(_ configuration: QueueClient.Configuration, _ permits: Monitor<QueuePermits>, logger: Logger) {
        secret = configuration.cacheSecret
        idempotencyTTL = configuration.idempotencyTTL
        self.logger = logger
        self.permits = permits
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
            let connection = try readyConnection()
            mayQueue = try takePlaces(for: arrived, tasks: tasks, connection)
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
            // Stored by itself, before what went wrong with another.
            let stored = arrived.indices.map { index in
                error == .outcomeUnknown ? nil : round.committedOutcome(ofRequest: index - arrived.startIndex)
            }
            settlePlaces(of: arrived, mayQueue) { index in
                stored[index] == nil ? arrived[arrived.startIndex + index].tasks.count : 0
            }
            var open: [OpenRequest] = []
            for (number, (request, outcome)) in zip(arrived, stored).enumerated() {
                if let outcome {
                    request.then(.success(outcome))
                } else {
                    open.append(OpenRequest(request: request, task: round.task(ofRequest: number)))
                }
            }
            if error == .locked, storeApart(open) { return }
            for open in open { open.request.then(.failure(error)) }
            return
        }
        settlePlaces(of: arrived, mayQueue) { round.unusedPlaces(ofRequest: $0) }
        for (index, request) in arrived.enumerated() { request.then(round.answer(toRequest: index)) }
    }

    private struct OpenRequest {
        let request: Submitter.Request
        /// The same for requests of one task.
        let task: Int
    }

    private struct Parting {
        let until = ContinuousClock.now + SubmissionWork.patience
        /// What is found to wait: requests of one task each.
        var waiting: [[OpenRequest]] = []
    }

    /// Stores requests in halves, as some of them have to wait for a lock and the others need not fail with them: of n tasks
    /// each such one is found with 2 log n attempts at most, which are short. Those are tried last, as the others are not to
    /// wait for them. Requests of one task stay together, or each would be waited for.
    /// - Returns: `false`: there is nothing to be parted, or no time left.
    private mutating func storeApart(_ open: [OpenRequest]) -> Bool {
        let tasks = Set(open.map(\.task)).sorted()
        guard tasks.count > 1 else {
            parting?.waiting.append(open)
            return parting != nil
        }
        let isFirst = parting == nil
        if isFirst {
            parting = Parting()
            set(SessionSettings.glance)
        }
        guard let until = parting?.until, until > .now else { return false }
        let middle = tasks[tasks.count / 2]
        store(open.filter { $0.task < middle })
        store(open.filter { $0.task >= middle })
        guard isFirst else { return true }
        let waiting = parting?.waiting ?? []
        parting = nil
        set(SessionSettings.hurry)
        for open in waiting {
            if until > .now {
                store(open)
            } else {
                for open in open { open.request.then(.failure(.locked)) }
            }
        }
        set(SessionSettings.nodePatience)
        // What told the workers of it may have had to wait for a lock as well.
        if let connection = try? readyConnection() { wakeWorkers(connection) }
        return true
    }

    private mutating func store(_ open: [OpenRequest]) {
        let requests = open.map(\.request)
        store(batch: requests[...], tasks: requests.reduce(0) { $0 + $1.tasks.count })
    }

    /// Sets a run-time parameter of the session. A new session has what it began with.
    private mutating func set(_ setting: String) {
        do {
            try readyConnection().execute(text: "SET \(setting)")
        } catch {
            link.drop()
        }
    }

    /// - Returns: for each request whether the queue has room for it.
    private func takePlaces(
        for requests: ArraySlice<Submitter.Request>, tasks: Int, _ connection: PostgresConnection
    ) throws(PostgresError) -> [Bool] {
        try permits.withLock { (permits) throws(PostgresError) in
            if permits.needsCount(for: tasks, at: .now) {
                let start = ContinuousClock.now
                let counted = try connection.execute(SubmitSQL.countQueued.with(.int8(Int64(permits.limit))))
                permits.counted(queued: counted.integer(0, 0) ?? 0, cost: .now - start, at: .now)
            }
            return requests.map { permits.take($0.tasks.count) }
        }
    }

    /// - Parameter unused: how many places the request of that number did not need after all.
    private func settlePlaces(
        of requests: ArraySlice<Submitter.Request>, _ mayQueue: [Bool], unused: (Int) -> Int
    ) {
        permits.withLock { permits in
            for (index, request) in requests.enumerated() where mayQueue[index] {
                permits.settle(request.tasks.count, unused: unused(index))
            }
        }
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
                let connection = try readyConnection(isUrgent: inDoubt != nil)
                if let session = inDoubt {
                    stored = try resolve(session, ids: round.batch.ids, connection)
                    inDoubt = nil
                }
                let isNotified = try transact(
                    &round, stored, connection, mayStartOver: attempts <= Self.attempts.givenUp)
                expectsNew = round.batch.hasNewWork
                if expectsNew, !isNotified { wakeWorkers(connection) }
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
                } else if !(error.isTransactionRetryable && attempts < Self.attempts.all) {
                    // One line a second: on a full disk each batch is refused.
                    if let count = refusals.count(at: .now) {
                        logger.error(
                            "The database refused a submission",
                            metadata: ["error": "\(error)", "times": .stringConvertible(count)])
                    }
                    if round.hasCommittedWork, let connection = try? link.connected() { wakeWorkers(connection) }
                    throw QueueError(error)
                }
            }
        }
    }

    /// One request of one task is whole by itself: then each run of the statement is a transaction.
    /// - Parameter mayStartOver: if others have been faster with some of a transaction's tasks, it is given up: to look for
    ///   those once more, in the same transaction, is to wait for rows while others wait for what it has inserted.
    /// - Returns: whether the workers have been told already.
    private mutating func transact(
        _ round: inout SubmissionRound, _ stored: Set<TaskID>, _ connection: PostgresConnection, mayStartOver: Bool
    ) throws(PostgresError) -> Bool {
        let isExplicit = round.needsTransaction
        do throws(PostgresError) {
            var keys: ArraySlice<PostgresResult> = []
            if isExplicit { keys = try connection.execute([SubmitSQL.begin.with()] + round.keyCalls).dropFirst() }
            round.begin(keys: keys, stored: stored)
            var runs = 0
            // In a transaction of several statements a second run might have to wait while it holds insertions.
            let isPlain = !isExplicit && !expectsShared
            while round.batch.hasOpenRows && runs < (isPlain ? 2 : 1) || round.batch.isUnsettled {
                let call = round.call(slot: slot, isPlain: isPlain && runs == 0)
                if isPlain, runs == 0, expectsNew {
                    // Right behind it: the workers learn of the commit when we do, not when we have told them.
                    try connection.send([call])
                    wakeWorkers(connection)
                    round.settle(try connection.receive()[0])
                } else {
                    if runs > 0 { try readNotification(connection) }
                    round.settle(try connection.execute(call))
                }
                runs += 1
                if isExplicit, mayStartOver, round.batch.isUnsettled {
                    throw PostgresError(.server, sqlState: "40001", message: "others were faster")
                }
                if runs == 20 { throw PostgresError(.server, sqlState: "40001", message: "no end of conflicts") }
            }
            expectsShared = round.batch.hasShared
            if isExplicit {
                try connection.execute(round.closingCalls(ttl: idempotencyTTL) + [SubmitSQL.commit.with()])
            }
            return runs == 1 && notifying != nil
        } catch {
            if isExplicit, !error.isConnectionLost {
                do { try connection.execute(text: "ROLLBACK") } catch { link.drop() }
            }
            throw error
        }
    }

    /// Nobody waits for the answer: the tasks are stored, and whatever goes wrong here, the workers find them by themselves
    /// a little later.
    private mutating func wakeWorkers(_ connection: PostgresConnection) {
        do {
            try connection.send([NotifySQL.work.with()])
            notifying = link.sessions
        } catch {
            link.dropIfLost(error)
        }
    }

    /// A session that has nothing more to answer.
    private mutating func readyConnection(isUrgent: Bool = false) throws(PostgresError) -> PostgresConnection {
        let connection = try link.connected(isUrgent: isUrgent)
        do {
            try readNotification(connection)
            return connection
        } catch {
            link.drop()
            return try link.connected(isUrgent: isUrgent)
        }
    }

    private mutating func readNotification(_ connection: PostgresConnection) throws(PostgresError) {
        guard let session = notifying else { return }
        notifying = nil
        // A session that was lost answers nothing.
        guard session == link.sessions else { return }
        do {
            _ = try connection.receive()
        } catch {
            if error.isConnectionLost { throw error }
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
