internal import Postgres
internal import Tasks

/// Requests that are stored in one transaction: which of them are to be stored at all, their rows, and the answer to
/// each. No I/O here.
struct SubmissionRound {
    private let requests: ArraySlice<Submitter.Request>
    /// Whether there is room in the queue for each.
    private let mayQueue: [Bool]
    private let secret: [UInt8]
    private let digest: KeyedDigest
    private var keyed = KeyedRequests()
    private(set) var batch = SubmissionBatch()
    /// The number in ``batch`` of each request that is in it.
    private var number: [Int?] = []

    init(_ requests: ArraySlice<Submitter.Request>, mayQueue: [Bool], secret: [UInt8]) {
        self.requests = requests
        self.mayQueue = mayQueue
        self.secret = secret
        digest = KeyedDigest(secret: secret)
        readKeys()
    }

    private mutating func readKeys() {
        keyed = KeyedRequests()
        for (index, request) in requests.enumerated() {
            if let key = request.key { keyed.add(key, request: index, secret: secret) }
        }
    }

    /// What is to be asked before anything is stored.
    var keyCalls: [PostgresCall] { keyed.isEmpty ? [] : keyed.calls }

    /// Whether it takes more than one statement, or a request has several tasks: only an explicit transaction is whole.
    var needsTransaction: Bool { !keyed.isEmpty || requests.contains { $0.tasks.count > 1 } }

    /// Makes the rows, anew if those of a transaction were rolled back, or may have been. Without one around them, what
    /// earlier runs of the statement settled is committed: were it forgotten, a join would be counted again.
    /// - Parameters:
    ///   - keys: the results of ``keyCalls``.
    ///   - stored: ids that are known to be stored, from a transaction whose outcome was in doubt.
    mutating func begin(keys: ArraySlice<PostgresResult>, stored: Set<TaskID>) {
        if needsTransaction || number.isEmpty { makeRows(keys) }
        batch.settle(stored: stored)
    }

    private mutating func makeRows(_ keys: ArraySlice<PostgresResult>) {
        readKeys()
        keyed.settle(keys)
        batch = SubmissionBatch()
        number = []
        var count = 0
        for (index, request) in requests.enumerated() {
            guard keyed.verdict(ofRequest: index) == .fresh else {
                number.append(nil)
                continue
            }
            batch.add(request.tasks, isAwaited: request.isAwaited, mayQueue: mayQueue[index], secret: digest)
            number.append(count)
            count += 1
        }
    }

    mutating func call(slot: Int16, isPlain: Bool) -> PostgresCall { batch.call(slot: slot, isPlain: isPlain) }

    mutating func settle(_ result: PostgresResult) { batch.settle(result) }

    /// Whether there is something new for the workers whatever becomes of the rest: without a transaction around them each
    /// run of the statement is one.
    var hasCommittedWork: Bool { !needsTransaction && batch.hasNewWork }

    /// - Returns: `nil`: the request is not stored, or not surely.
    func committedOutcome(ofRequest request: Int) -> [SubmissionOutcome]? {
        guard !needsTransaction, number.indices.contains(request), let number = number[request] else { return nil }
        return try? batch.outcome(ofRequest: number).get()
    }

    /// A number that requests have in common whose (first) task is the same.
    func task(ofRequest request: Int) -> Int {
        guard number.indices.contains(request), let number = number[request] else { return -1 }
        return batch.firstRow(ofRequest: number) ?? -1
    }

    /// What is to be stored beside the tasks.
    func closingCalls(ttl: Duration) -> [PostgresCall] {
        if keyed.isEmpty { return [] }
        return keyed.storing(ttl: ttl) { request in
            number[request].flatMap { try? batch.outcome(ofRequest: $0).get() }
        }
    }

    /// How many places in the queue a request was given that it did not need.
    func unusedPlaces(ofRequest request: Int) -> Int {
        guard mayQueue[request] else { return 0 }
        let count = requests[requests.startIndex + request].tasks.count
        return number[request].map { batch.unusedPlaces(ofRequest: $0) } ?? count
    }

    func answer(toRequest request: Int) -> Submitter.Answer {
        switch keyed.verdict(ofRequest: request) {
        case .fresh: number[request].map { batch.outcome(ofRequest: $0) } ?? .failure(.internalError)
        case .twin(let first): answer(toRequest: first)
        case .replay(let outcomes): .success(outcomes)
        case .refused(let error): .failure(error)
        }
    }
}
