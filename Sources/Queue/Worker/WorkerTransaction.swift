internal import Postgres

/// What a worker stores and claims in one transaction.
struct WorkerTransaction {
    let number: Int
    let calls: [PostgresCall]
    let start: ContinuousClock.Instant
    /// The number of ends of attempts that the transaction stores.
    let stored: Int
    /// The index in ``calls`` of the call that stores completions; `nil` if there is none.
    private let completion: Int?
    private let worker: Int32
    private let ended: [TaskID]
    /// The maximum number of tasks that the transaction claims.
    let claim: Int
    /// Whether the worker holds nothing, so that the claim may take a suspect.
    let isAlone: Bool
    /// Whether other transactions were underway when this one began.
    let isOverlapped: Bool
    /// Whether the bounded types are locked before the claim.
    private let asksForBounds: Bool
    /// Where the claim begins to scan, by type (``ClaimStart``).
    let starts: [Int64?]

    /// - Parameters:
    ///   - ends: not empty, unless something is claimed.
    ///   - types: the worker's types, as a parameter.
    ///   - slot: the row of the cache's counters to add to.
    init(
        number: Int, ends: [TaskCompletion], claim: Int, isAlone: Bool, isOverlapped: Bool, worker: Int32,
        asksForBounds: Bool, starts: [Int64?], types: PostgresValue, slot: Int16,
        configuration: WorkerSession.Configuration
    ) {
        self.number = number
        self.claim = claim
        self.isAlone = isAlone
        self.isOverlapped = isOverlapped
        self.asksForBounds = asksForBounds
        self.starts = starts
        start = .now
        stored = ends.count
        let attempts = FinishedAttempts(ends)
        let name = configuration.name
        let completion = attempts.completion(worker: worker, name: name, ttl: configuration.cacheTTL, slot: slot)
        let failure = attempts.failure(worker: worker, name: name, keepsInput: configuration.keepsFailedInput)
        self.worker = worker
        ended = ends.map(\.id)
        // The statements handle completed, failed and retried tasks in separate passes over the ids, so lock all tasks
        // first.
        let lock = failure != nil && ends.count > 1 ? FinishSQL.lock.with(.int4(worker), .uuids(ended)) : nil
        self.completion = completion.map { _ in lock == nil ? 0 : 1 }
        var calls = [lock, completion, failure].compactMap { $0 }
        if claim > 0 {
            // A claim that is lost in a crash does no harm: the tasks of a dead worker are requeued anyway.
            if calls.isEmpty { calls.append(LookUpSQL.commitAsynchronously.with()) }
            if asksForBounds { calls.append(WorkerSQL.lockBounds.with(types)) }
            calls.append(
                WorkerSQL.claim.with(
                    .int4(worker), .int8(Int64(claim)), types, .bool(isAlone), .int8(Int64(configuration.concurrency)),
                    .integers(starts)))
        }
        self.calls = calls
    }

    /// The call that must run before ``calls`` are repeated, if one of the tasks turned out to be finished already.
    var strayRemoval: PostgresCall {
        let none = TaskID(high: 0, low: 0)
        return FinishSQL.removeStrays.with(
            .int4(worker), .uuids(ended), .uuid(ended.min() ?? none), .uuid(ended.max() ?? none))
    }

    /// The finished tasks that somebody waits for.
    func awaited(_ results: [PostgresResult]) -> [TaskID] {
        guard let completion, results.indices.contains(completion) else { return [] }
        let completed = results[completion]
        return (0..<completed.rowCount).compactMap { completed.taskID($0, 0) }
    }

    /// The rows that the claim returned; `nil` if nothing was to be claimed.
    func claimed(_ results: [PostgresResult]) -> ClaimRows? {
        guard claim > 0, let rows = results.last else { return nil }
        return ClaimRows(rows)
    }

    /// True if the claim could not take tasks of a bounded type, because this worker had not tried to lock the type, or
    /// because another claim had locked it.
    func areBoundsContended(_ results: [PostgresResult]) -> Bool {
        !asksForBounds || results.dropLast().last?.bool(0, 1) == true
    }
}

/// The outcome of a ``WorkerTransaction``.
package struct WorkerTransactionResult {
    package let number: Int
    /// When the transaction was begun.
    package let start: ContinuousClock.Instant
    /// The maximum number of tasks to claim.
    package let asked: Int
    /// Whether a client waits for one of the finished tasks, or another task may run because one has ended.
    package let isUrgent: Bool
    package let tasks: [ClaimedTask]
}
