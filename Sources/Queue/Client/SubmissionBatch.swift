package import Postgres
package import Tasks

/// Requests that are stored in one transaction: their tasks as rows for ``SubmitSQL``, and what became of each.
///
/// Identical tasks (of one cache key) are one row: the first one's. No I/O here.
package struct SubmissionBatch {
    package init() {}

    private struct Row {
        let submission: Submission
        /// The ``CacheKey``.
        let digest: [UInt8]
        /// Whether the task may be shared, and its result cached, under it.
        let isShared: Bool
        var isAwaited: Bool
        var mayQueue: Bool
        /// How many submissions it stands for: who shares the task, and what the cache's counters count.
        var copies: Int32 = 1
        var outcome: SubmissionOutcome?
        var isInserted = false
    }

    private var rows: [Row] = []
    private var rowOfID: [TaskID: Int] = [:]
    private var rowOfKey: [[UInt8]: Int] = [:]
    /// For each request, the rows of its tasks in order.
    private var requests: [[Int]] = []
    private var wasCounted = false

    /// Adds a request.
    /// - Parameter mayQueue: `false`: the queue has no room for it; only what is cached or in flight can answer it.
    package mutating func add(_ tasks: [Submission], isAwaited: Bool, mayQueue: Bool, secret: KeyedDigest) {
        var indices: [Int] = []
        indices.reserveCapacity(tasks.count)
        for submission in tasks {
            // A request that came again, by way of this same node, while the first one waits here.
            if submission.mayComeAgain, let index = rowOfID[submission.id] {
                rows[index].isAwaited = rows[index].isAwaited || isAwaited
                indices.append(index)
                continue
            }
            let task = submission.task
            // A task put off must not hold those up that ask for the same now: it stands outside of single-flight.
            let isDue = submission.runAt.map { $0 <= .now } ?? true
            let isShared = task.isCacheable && isDue
            let digest = CacheKey(secret, type: task.type, input: task.input).bytes
            if isShared, let index = rowOfKey[digest] {
                rows[index].copies += 1
                rows[index].isAwaited = rows[index].isAwaited || isAwaited
                rows[index].mayQueue = rows[index].mayQueue || mayQueue
                rowOfID[submission.id] = index
                indices.append(index)
                continue
            }
            if isShared { rowOfKey[digest] = rows.count }
            rowOfID[submission.id] = rows.count
            indices.append(rows.count)
            rows.append(
                Row(
                    submission: submission, digest: digest, isShared: isShared, isAwaited: isAwaited, mayQueue: mayQueue
                ))
        }
        requests.append(indices)
    }

    /// Whether there are rows that the statement has not settled, also such as only the cache can answer.
    var hasOpenRows: Bool { rows.contains { $0.outcome == nil } }

    /// Whether there are rows that another run of the statement may settle.
    var isUnsettled: Bool { rows.contains { $0.outcome == nil && $0.mayQueue } }

    /// The ids that may be in the database if a commit's outcome is unknown.
    var ids: [TaskID] { rows.map(\.submission.id) }

    /// The statement for the rows that are not settled yet.
    /// - Parameter isPlain: they share nothing with what is there, most likely.
    package mutating func call(slot: Int16, isPlain: Bool) -> PostgresCall {
        let open = rows.filter { $0.outcome == nil }
        var ids = PostgresArray(.uuid, capacity: open.count)
        var types = PostgresArray(.text, capacity: open.count)
        var inputs = PostgresArray(.bytea, capacity: open.count, elementSize: 64)
        var keys = PostgresArray(.bytea, capacity: open.count, elementSize: 32)
        var digests = PostgresArray(.bytea, capacity: open.count)
        var priorities = PostgresArray(.int2, capacity: open.count, elementSize: 2)
        var times = PostgresArray(.timestamptz, capacity: open.count, elementSize: 8)
        var limits = PostgresArray(.int2, capacity: open.count, elementSize: 2)
        var awaited = PostgresArray(.bool, capacity: open.count, elementSize: 1)
        var mayQueue = PostgresArray(.bool, capacity: open.count, elementSize: 1)
        var copies = PostgresArray(.int4, capacity: open.count, elementSize: 4)
        var mayComeAgain = PostgresArray(.bool, capacity: open.count, elementSize: 1)
        for row in open {
            let submission = row.submission
            ids.append(submission.id)
            types.append(submission.task.type.utf8)
            inputs.append(submission.task.input)
            if row.isShared {
                keys.append(row.digest)
                digests.appendNull()
            } else {
                keys.appendNull()
                digests.append(row.digest)
            }
            priorities.append(submission.priority)
            if let time = submission.runAt { times.append(time: time.microseconds) } else { times.appendNull() }
            limits.append(Int16(clamping: max(1, submission.maxAttempts)))
            awaited.append(row.isAwaited)
            mayQueue.append(row.mayQueue)
            copies.append(row.copies)
            mayComeAgain.append(submission.mayComeAgain)
        }
        let statement = isPlain ? SubmitSQL.insert : SubmitSQL.submit
        let nothing = TaskID(high: 0, low: 0)
        return statement.with(
            ids.value, types.value, inputs.value, keys.value, priorities.value, times.value, limits.value,
            awaited.value, mayQueue.value, copies.value, .int2(slot), mayComeAgain.value, .bool(!wasCounted),
            digests.value,
            .uuid(open.map(\.submission.id).min() ?? nothing), .uuid(open.map(\.submission.id).max() ?? nothing))
    }

    /// Whether rows turned out to be shared, or to have come before.
    var hasShared: Bool {
        rows.contains { row in
            switch row.outcome {
            case .queued, .repeated: !row.isInserted
            default: false
            }
        }
    }

    /// Takes in what the statement returned.
    mutating func settle(_ result: PostgresResult) {
        // A second run of a row is the same question to the cache.
        wasCounted = true
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

    /// Of the rows that are not settled, these ids are known to be stored.
    mutating func settle(stored: Set<TaskID>) {
        if stored.isEmpty { return }
        for index in rows.indices where rows[index].outcome == nil {
            let id = rows[index].submission.id
            guard stored.contains(id) else { continue }
            rows[index].outcome = .queued(id)
            rows[index].isInserted = true
        }
    }

    /// Whether there is something new for the workers.
    var hasNewWork: Bool { rows.contains { $0.isInserted } }

    /// How many places in the queue a request was given that it did not need.
    func unusedPlaces(ofRequest request: Int) -> Int {
        requests[request].count { !rows[$0].isInserted }
    }

    /// The row of a request's first task.
    func firstRow(ofRequest request: Int) -> Int? { requests[request].first }

    /// What to answer a request.
    func outcome(ofRequest request: Int) -> Result<[SubmissionOutcome], QueueError> {
        var outcomes: [SubmissionOutcome] = []
        outcomes.reserveCapacity(requests[request].count)
        for index in requests[request] {
            guard let outcome = rows[index].outcome else { return .failure(.queueFull) }
            outcomes.append(outcome)
        }
        return .success(outcomes)
    }
}
