internal import Postgres

/// What a worker stores and claims in one transaction.
struct Exchange {
    let number: Int
    let calls: [PostgresCall]
    let start: ContinuousClock.Instant
    /// Ends of attempts that it stores.
    let stored: Int
    /// The place of the completions among the calls.
    private let completion: Int?
    private let worker: Int32
    private let ended: [TaskID]
    /// How many tasks it claims at most.
    let claim: Int
    let isAlone: Bool
    /// Others were underway when it was begun.
    let isOverlapped: Bool
    /// The claim asks for the bounded types first.
    private let asksForBounds: Bool
    /// Where the claim begins to look, by type.
    let starts: [Int64?]

    /// - Parameters:
    ///   - ends: not empty, unless something is claimed.
    ///   - types: of the worker, as a parameter.
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
        // One that fails for good, one that is tried again and one that is completed are passes of their own.
        let lock = failure != nil && ends.count > 1 ? FinishSQL.lock.with(.int4(worker), .uuids(ended)) : nil
        self.completion = completion.map { _ in lock == nil ? 0 : 1 }
        var calls = [lock, completion, failure].compactMap { $0 }
        if claim > 0 {
            // A claim that a crash undoes does no harm: it is undone for a dead worker anyway.
            if calls.isEmpty { calls.append(LookUpSQL.lossIsHarmless.with()) }
            if asksForBounds { calls.append(WorkerSQL.lockBounds.with(types)) }
            calls.append(
                WorkerSQL.claim.with(
                    .int4(worker), .int8(Int64(claim)), types, .bool(isAlone), .int8(Int64(configuration.concurrency)),
                    .integers(starts)))
        }
        self.calls = calls
    }

    /// What has to be run before ``calls`` are run again, if one of the tasks turned out to be finished already.
    var strayRemoval: PostgresCall {
        let nothing = TaskID(high: 0, low: 0)
        return FinishSQL.removeStrays.with(
            .int4(worker), .uuids(ended), .uuid(ended.min() ?? nothing), .uuid(ended.max() ?? nothing))
    }

    /// The finished tasks that somebody waits for.
    func awaited(_ results: [PostgresResult]) -> [TaskID] {
        guard let completion, results.indices.contains(completion) else { return [] }
        let completed = results[completion]
        return (0..<completed.rowCount).compactMap { completed.taskID($0, 0) }
    }

    /// What the claim returned, if there was one.
    func claimed(_ results: [PostgresResult]) -> PostgresResult? { claim > 0 ? results.last : nil }

    /// Whether the claim took nothing of some bounded type, if there is one: because it did not ask, or because another
    /// claim had it.
    func areBoundsLeft(_ results: [PostgresResult]) -> Bool {
        !asksForBounds || results.dropLast().last?.bool(0, 1) == true
    }
}

/// What an exchange came to.
package struct Exchanged {
    package let number: Int
    /// When it was begun.
    package let start: ContinuousClock.Instant
    /// How many tasks were to be claimed.
    package let asked: Int
    /// Somebody waits for one of the tasks that it finished, or another may run because one has ended.
    package let isUrgent: Bool
    package let tasks: [ClaimedTask]
}
