internal import Logging
internal import Metrics
internal import Postgres
internal import Threading

/// The work of one thread of ``Submitter``: stores requests in batches, and answers them.
struct SubmissionWriter {
    private typealias LockedRequest = LockBisection<SubmissionRequest>.Element

    /// The secret of cache keys; `nil`: the one in the database.
    private let secret: [UInt8]?
    private let permits: Monitor<QueuePermits>
    private var committer: SubmissionCommitter
    private let size = Recorder(label: "millrace_submission_size")

    init(_ configuration: QueueClient.Configuration, _ permits: Monitor<QueuePermits>, logger: Logger) {
        secret = configuration.cacheSecret
        self.permits = permits
        committer = SubmissionCommitter(configuration, logger: logger)
    }

    mutating func store(_ arrived: [SubmissionRequest]) {
        for batch in SubmissionBatchLimit().split(arrived) {
            let locked = store(batch)
            if !locked.isEmpty { bisect(locked) }
        }
    }

    /// Stores requests in one transaction, and answers them.
    /// - Returns: the requests that are not answered yet, because another session has locked a row that one of them
    ///   needs.
    private mutating func store(_ batch: ArraySlice<SubmissionRequest>) -> [LockedRequest] {
        var transaction: SubmissionTransaction
        let mayQueue: [Bool]
        do {
            let tasks = batch.reduce(0) { $0 + $1.tasks.count }
            mayQueue = try reservePlaces(for: batch, tasks: tasks, try committer.session.connection())
            size.record(tasks)
            transaction = SubmissionTransaction(
                batch, mayQueue: mayQueue, secret: secret ?? committer.session.secret)
        } catch {
            committer.session.dropIfLost(error)
            for request in batch { request.then(.failure(QueueError(error))) }
            return []
        }
        do throws(QueueError) {
            try committer.commit(&transaction)
        } catch {
            return answer(batch, of: transaction, mayQueue, error)
        }
        releasePlaces(of: batch, mayQueue) { transaction.unusedPlaces(ofRequest: $0) }
        for (index, request) in batch.enumerated() { request.then(transaction.answer(toRequest: index)) }
        return []
    }

    /// Answers the requests of a transaction that failed. If it was not an explicit one, each of its statements was
    /// committed by itself, so some of the requests may be stored.
    /// - Returns: requests that are not answered, as for ``store(_:)``.
    private func answer(
        _ batch: ArraySlice<SubmissionRequest>, of transaction: SubmissionTransaction, _ mayQueue: [Bool],
        _ error: QueueError
    ) -> [LockedRequest] {
        let stored = batch.indices.map { index in
            error == .outcomeUnknown ? nil : transaction.committedOutcome(ofRequest: index - batch.startIndex)
        }
        releasePlaces(of: batch, mayQueue) { index in
            stored[index] == nil ? batch[batch.startIndex + index].tasks.count : 0
        }
        var locked: [LockedRequest] = []
        for (index, (request, outcomes)) in zip(batch, stored).enumerated() {
            if let outcomes {
                request.then(.success(outcomes))
            } else if error == .locked {
                locked.append(LockedRequest(request: request, row: transaction.firstRow(ofRequest: index)))
            } else {
                request.then(.failure(error))
            }
        }
        return locked
    }

    /// Stores the requests that need not wait for a lock, and then tries the others once more.
    private mutating func bisect(_ locked: [LockedRequest]) {
        guard var bisection = LockBisection(locked, at: .now) else {
            for locked in locked { locked.request.then(.failure(.locked)) }
            return
        }
        var timeout = LockTimeout.regular
        loop: while true {
            switch bisection.next(at: .now) {
            case .store(let requests, let next):
                if next != timeout { committer.session.set(next) }
                timeout = next
                bisection.stillLocked(store(requests[...]), at: .now)
            case .refuse(let requests):
                for request in requests { request.then(.failure(.locked)) }
            case .finished:
                break loop
            }
        }
        committer.session.set(.regular)
        // The short lock timeout may have made a notification fail, so send it again.
        if let connection = try? committer.session.connection() { committer.session.notifyWorkers(connection) }
    }

    // MARK: places in the queue

    /// - Returns: for each request whether the queue has room for it.
    private func reservePlaces(
        for requests: ArraySlice<SubmissionRequest>, tasks: Int, _ connection: PostgresConnection
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

    /// - Parameter unused: takes the number of a request, and returns how many of its places the request did not need.
    private func releasePlaces(
        of requests: ArraySlice<SubmissionRequest>, _ mayQueue: [Bool], unused: (Int) -> Int
    ) {
        permits.withLock { permits in
            for (index, request) in requests.enumerated() where mayQueue[index] {
                permits.settle(request.tasks.count, unused: unused(index))
            }
        }
    }
}
