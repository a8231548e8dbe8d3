internal import Postgres
internal import Tasks

/// A transaction that stores requests: which statements it runs, and the answer to each request. No I/O here.
///
/// Usually one statement is enough, and is a transaction by itself. Requests with an idempotency key or with several
/// tasks need an explicit transaction around several statements.
struct SubmissionTransaction {
    enum Step {
        /// Run this statement, and give its result to ``settle(_:)``.
        /// - Parameter isPlain: the statement expects that the rows share nothing with the tasks that exist.
        case run(PostgresCall, isPlain: Bool)
        /// Roll back, and run the transaction again.
        case startOver(reason: String)
        /// All rows are settled. An explicit transaction needs its ``closingCalls(ttl:)`` and a COMMIT.
        case commit
    }

    /// The maximum number of runs of the statement before the transaction is rolled back. A run leaves a row open if
    /// another node stores the same task during the run.
    private static let maxRuns = 20

    private let requests: ArraySlice<SubmissionRequest>
    /// For each request, whether the queue has room for it.
    private let mayQueue: [Bool]
    private let secret: [UInt8]
    private let digest: KeyedDigest
    private var keyed = KeyedRequests()
    private(set) var rows = SubmissionRows()
    /// For each request, its number in ``rows``; `nil` if its tasks have no rows. Empty before the first run.
    private var number: [Int?] = []
    private var runs = 0
    /// Whether the first run uses the plain statement.
    private var isPlain = false
    /// What an explicit transaction does if another node has inserted some of the rows first. `true`: it starts over;
    /// `false`: it runs the statement again. A second run could cause a deadlock: it could wait for a row of another
    /// transaction, while that transaction waits for a row which this one has inserted.
    var startsOver = true

    init(_ requests: ArraySlice<SubmissionRequest>, mayQueue: [Bool], secret: [UInt8]) {
        self.requests = requests
        self.mayQueue = mayQueue
        self.secret = secret
        digest = KeyedDigest(secret: secret)
        readKeys()
    }

    /// Whether the requests need an explicit transaction, so that each of them is stored completely or not at all.
    var isExplicit: Bool { !keyed.isEmpty || requests.contains { $0.tasks.count > 1 } }

    /// The calls that an explicit transaction makes before anything is stored.
    var keyCalls: [PostgresCall] { keyed.isEmpty ? [] : keyed.calls }

    // MARK: running

    /// Begins a run of the transaction.
    ///
    /// The rows of an explicit transaction are created again, because the last run was or may have been rolled back.
    /// Without an explicit transaction, the rows that earlier runs settled are committed and stay settled. If the
    /// statement ran for them again, a join would be counted twice.
    /// - Parameters:
    ///   - keys: the results of ``keyCalls``.
    ///   - stored: tasks that are known to be stored by a commit that was in doubt.
    ///   - expectsShared: whether tasks of the transaction may be identical to existing ones.
    mutating func begin(keys: ArraySlice<PostgresResult>, stored: Set<TaskID>, expectsShared: Bool) {
        runs = 0
        isPlain = !isExplicit && !expectsShared
        if isExplicit || number.isEmpty { makeRows(keys) }
        rows.settle(stored: stored)
    }

    func next(slot: Int16) -> Step {
        if runs > 0, isExplicit, startsOver, rows.isUnsettled { return .startOver(reason: "others were faster") }
        if runs == Self.maxRuns { return .startOver(reason: "too many conflicts with other nodes") }
        // After a run of the plain statement, run the full one: it can settle rows that the plain one has left open.
        let hasOpenRows = rows.hasOpenRows && runs < (isPlain ? 2 : 1)
        guard hasOpenRows || rows.isUnsettled else { return .commit }
        let isPlainRun = isPlain && runs == 0
        return .run(rows.call(slot: slot, isPlain: isPlainRun), isPlain: isPlainRun)
    }

    mutating func settle(_ result: PostgresResult) {
        runs += 1
        rows.settle(result)
    }

    /// The last calls of an explicit transaction, before its COMMIT. They store the answers to requests with an
    /// idempotency key, and make the commit wait for the disk if it has to.
    func closingCalls(ttl: Duration) -> [PostgresCall] {
        var calls: [PostgresCall] = []
        // If an earlier run has stored nothing, it has switched the wait for the disk off. The last run may have stored
        // something.
        if runs > 1 { calls.append(SubmitSQL.commitSynchronously.with()) }
        // The answer of an earlier request says that its tasks are stored, so they have to be as durable as new ones.
        if keyed.hasReplays { calls.append(SubmitSQL.confirm.with()) }
        if keyed.isEmpty { return calls }
        return calls
            + keyed.storing(ttl: ttl) { request in
                number[request].flatMap { try? rows.outcome(ofRequest: $0).get() }
            }
    }

    private mutating func readKeys() {
        keyed = KeyedRequests()
        for (index, request) in requests.enumerated() {
            if let key = request.key { keyed.add(key, request: index, secret: secret) }
        }
    }

    private mutating func makeRows(_ keys: ArraySlice<PostgresResult>) {
        readKeys()
        keyed.settle(keys)
        rows = SubmissionRows()
        number = []
        var count = 0
        for (index, request) in requests.enumerated() {
            guard keyed.verdict(ofRequest: index) == .new else {
                number.append(nil)
                continue
            }
            rows.add(request.tasks, isAwaited: request.isAwaited, mayQueue: mayQueue[index], secret: digest)
            number.append(count)
            count += 1
        }
    }

    // MARK: the results

    /// The answer to a request, after the commit.
    func answer(toRequest request: Int) -> SubmissionAnswer {
        switch keyed.verdict(ofRequest: request) {
        case .new: number[request].map { rows.outcome(ofRequest: $0) } ?? .failure(.internalError)
        case .sameAs(let first): answer(toRequest: first)
        case .replay(let outcomes): .success(outcomes)
        case .refused(let error): .failure(error)
        }
    }

    /// How many places in the queue were taken for a request, but not needed.
    func unusedPlaces(ofRequest request: Int) -> Int {
        guard mayQueue[request] else { return 0 }
        let count = requests[requests.startIndex + request].tasks.count
        return number[request].map { rows.unusedPlaces(ofRequest: $0) } ?? count
    }

    // MARK: what is committed although the transaction failed

    /// Whether there is new work although the transaction failed: without an explicit transaction, each run of the
    /// statement is committed by itself.
    var hasCommittedWork: Bool { !isExplicit && rows.hasNewWork }

    /// The answer to a request of a transaction that failed; `nil` if it is not certain that the request is stored.
    func committedOutcome(ofRequest request: Int) -> [SubmissionOutcome]? {
        guard !isExplicit, number.indices.contains(request), let number = number[request] else { return nil }
        return try? rows.outcome(ofRequest: number).get()
    }

    /// The row of a request's first task: the same number for requests of the same task. -1 if it has no row.
    func firstRow(ofRequest request: Int) -> Int {
        guard number.indices.contains(request), let number = number[request] else { return -1 }
        return rows.firstRow(ofRequest: number) ?? -1
    }
}
