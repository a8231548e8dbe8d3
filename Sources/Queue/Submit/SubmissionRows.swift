package import Postgres
package import Tasks

/// The tasks of requests as rows for ``SubmitSQL``, and the outcome of each row. Identical tasks (with the same cache
/// key) share the row of the first one. No I/O here.
package struct SubmissionRows {
    package init() {}

    struct Row {
        let submission: Submission
        /// Who submitted it.
        let client: ClientID
        /// The ``CacheKey``.
        let digest: [UInt8]
        /// Whether the task may be shared and its result may be cached. Then ``digest`` is the cache key.
        let isShared: Bool
        var isAwaited: Bool
        /// Whether the queue has room for the task.
        var mayQueue: Bool
        /// How many submissions the row represents. All of them share the task, and count in the cache's statistics.
        var copies: Int32 = 1
        var outcome: SubmissionOutcome?
        var isInserted = false
    }

    private var rows: [Row] = []
    private var rowOfID: [TaskID: Int] = [:]
    private var rowOfKey: [[UInt8]: Int] = [:]
    private var clientOfNetwork: [ClientNetwork: ClientID] = [:]
    /// For each request, the rows of its tasks in order.
    private var requests: [[Int]] = []
    /// The statement has run, so the cache's statistics have counted the rows.
    private var isCounted = false

    /// Adds a request.
    /// - Parameter mayQueue: whether the queue has room for the tasks. If not, a task is accepted only if its result is
    ///   cached or an identical task is unfinished.
    package mutating func add(_ tasks: [Submission], isAwaited: Bool, mayQueue: Bool, secret: KeyedDigest) {
        var indices: [Int] = []
        indices.reserveCapacity(tasks.count)
        for submission in tasks {
            indices.append(row(submission, isAwaited: isAwaited, mayQueue: mayQueue, secret))
        }
        requests.append(indices)
    }

    /// - Returns: the row of the task: a new row, or the row of an identical task.
    private mutating func row(
        _ submission: Submission, isAwaited: Bool, mayQueue: Bool, _ secret: KeyedDigest
    ) -> Int {
        // The balancer has sent the same request twice, and this batch contains both.
        if submission.mayBeResent, let index = rowOfID[submission.id] {
            rows[index].isAwaited = rows[index].isAwaited || isAwaited
            return index
        }
        let task = submission.task
        // Only tasks that are due are shared: a client that submits the same task now must not wait for one that is
        // scheduled for later.
        let isDue = submission.runAt.map { $0 <= .now } ?? true
        let isShared = task.isCacheable && isDue
        let digest = CacheKey(
            secret, type: task.type, input: task.input, client: submission.client.owner.rawValue
        ).bytes
        if isShared, let index = rowOfKey[digest] {
            rows[index].copies += 1
            rows[index].isAwaited = rows[index].isAwaited || isAwaited
            rows[index].mayQueue = rows[index].mayQueue || mayQueue
            rowOfID[submission.id] = index
            return index
        }
        if isShared { rowOfKey[digest] = rows.count }
        rowOfID[submission.id] = rows.count
        rows.append(
            Row(
                submission: submission, client: client(of: submission, secret), digest: digest, isShared: isShared,
                isAwaited: isAwaited, mayQueue: mayQueue))
        return rows.count - 1
    }

    private mutating func client(of submission: Submission, _ secret: KeyedDigest) -> ClientID {
        guard submission.client.isAnonymous, let network = submission.network else { return submission.client }
        if let client = clientOfNetwork[network] { return client }
        let client = ClientID(of: network, secret)
        clientOfNetwork[network] = client
        return client
    }

    // MARK: the statement

    /// Whether rows are open, including rows for which the queue has no room.
    var hasOpenRows: Bool { rows.contains { $0.outcome == nil } }

    /// Whether another run of the statement can settle a row.
    var isUnsettled: Bool { rows.contains { $0.outcome == nil && $0.mayQueue } }

    /// The ids of the tasks that a commit in doubt may have stored.
    var ids: [TaskID] { rows.map(\.submission.id) }

    /// The statement for the rows that are not settled yet.
    /// - Parameter isPlain: whether to use the plain statement, because the rows probably share nothing with existing
    ///   tasks.
    package func call(slot: Int16, isPlain: Bool) -> PostgresCall {
        let open = rows.filter { $0.outcome == nil }
        let ids = open.map(\.submission.id)
        let none = TaskID(high: 0, low: 0)
        let columns = SubmissionColumns(open)
        let statement = isPlain ? SubmitSQL.insert : SubmitSQL.submit
        return statement.with(
            columns.ids.value, columns.types.value, columns.inputs.value, columns.keys.value,
            columns.priorities.value, columns.times.value, columns.limits.value, columns.awaited.value,
            columns.mayQueue.value, columns.copies.value, .int2(slot), columns.mayBeResent.value, .bool(!isCounted),
            columns.digests.value, .uuid(ids.min() ?? none), .uuid(ids.max() ?? none),
            columns.clients.value)
    }

    /// Takes the result of the statement.
    mutating func settle(_ result: PostgresResult) {
        // The cache's statistics count a row only once, even if the statement runs again for it.
        isCounted = true
        for row in 0..<result.rowCount {
            guard let id = result.taskID(row, 0), let index = rowOfID[id] else { continue }
            if let computedBy = result.taskID(row, 1) {
                rows[index].outcome = .cached(computedBy, result: result.bytes(row, 2) ?? [])
            } else if let other = result.taskID(row, 3) {
                rows[index].outcome = other == id ? .repeated(id) : .queued(other)
            } else {
                rows[index].outcome = .queued(id)
                rows[index].isInserted = true
            }
        }
    }

    /// Settles the rows with these ids, which are known to be stored.
    mutating func settle(stored: Set<TaskID>) {
        if stored.isEmpty { return }
        for index in rows.indices where rows[index].outcome == nil {
            let id = rows[index].submission.id
            guard stored.contains(id) else { continue }
            rows[index].outcome = .queued(id)
            rows[index].isInserted = true
        }
    }

    // MARK: the results

    /// Whether tasks turned out to be shared with other submissions, or to have been stored before.
    var hasShared: Bool {
        rows.contains { row in
            switch row.outcome {
            case .queued, .repeated: !row.isInserted
            default: false
            }
        }
    }

    /// Whether there is new work for the workers.
    var hasNewWork: Bool { rows.contains { $0.isInserted } }

    /// How many places in the queue were taken for a request, but not needed.
    func unusedPlaces(ofRequest request: Int) -> Int {
        requests[request].count { !rows[$0].isInserted }
    }

    /// The row of a request's first task.
    func firstRow(ofRequest request: Int) -> Int? { requests[request].first }

    /// The answer to a request.
    func outcome(ofRequest request: Int) -> SubmissionAnswer {
        var outcomes: [SubmissionOutcome] = []
        outcomes.reserveCapacity(requests[request].count)
        for index in requests[request] {
            guard let outcome = rows[index].outcome else { return .failure(.queueFull) }
            outcomes.append(outcome)
        }
        return .success(outcomes)
    }
}
