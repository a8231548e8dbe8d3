import Postgres
import Tasks
import Testing

@testable import Queue

@Suite struct SubmissionTransactionTests {
    private func request(_ names: [String], key: IdempotencyKey? = nil) -> SubmissionRequest {
        SubmissionRequest(tasks: names.map { Submission(task: task($0)) }, isAwaited: false, key: key) { _ in }
    }

    private func transaction(_ requests: [SubmissionRequest], mayQueue: Bool = true) -> SubmissionTransaction {
        SubmissionTransaction(requests[...], mayQueue: requests.map { _ in mayQueue }, secret: [1])
    }

    /// Whether the transaction first runs ``SubmitSQL/insert``. If false, it runs ``SubmitSQL/submit``; if nil, it runs
    /// nothing.
    private func isFirstRunPlain(_ transaction: SubmissionTransaction) -> Bool? {
        guard case .run(_, let isPlain) = transaction.next(slot: 0) else { return nil }
        return isPlain
    }

    @Test func `Requests of one task without a key need no explicit transaction`() {
        #expect(!transaction([request(["a"]), request(["b"])]).isExplicit)
        #expect(transaction([request(["a"]), request(["b", "c"])]).isExplicit)
        let keyed = transaction([request(["a"], key: IdempotencyKey(key: [1], payload: [2]))])
        #expect(keyed.isExplicit && keyed.keyCalls.count == 2)
    }

    @Test func `The plain statement runs first, unless tasks are expected to be shared`() {
        var single = transaction([request(["a"])])
        single.begin(keys: [], stored: [], expectsShared: false)
        #expect(isFirstRunPlain(single) == true)
        single.begin(keys: [], stored: [], expectsShared: true)
        #expect(isFirstRunPlain(single) == false)
        var array = transaction([request(["a", "b"])])
        array.begin(keys: [], stored: [], expectsShared: false)
        #expect(isFirstRunPlain(array) == false)
    }

    @Test func `A transaction whose tasks are known to be stored runs no statement again`() {
        let requests = [request(["a", "b"]), request(["c"])]
        var transaction = transaction(requests)
        transaction.begin(keys: [], stored: [], expectsShared: false)
        let ids = requests.flatMap { $0.tasks.map(\.id) }
        #expect(transaction.rows.ids == ids)
        transaction.begin(keys: [], stored: Set(ids), expectsShared: false)
        #expect(isFirstRunPlain(transaction) == nil)
        #expect(transaction.answer(toRequest: 0) == .success(ids[..<2].map { .queued($0) }))
        #expect(transaction.answer(toRequest: 1) == .success([.queued(ids[2])]))
        #expect((0..<2).map { transaction.unusedPlaces(ofRequest: $0) } == [0, 0])
    }

    @Test func `Requests of the same task have the same first row, and need one place`() {
        var transaction = transaction([request(["a"]), request(["b"]), request(["a"])])
        #expect((0..<3).map { transaction.firstRow(ofRequest: $0) } == [-1, -1, -1])
        transaction.begin(keys: [], stored: [], expectsShared: false)
        #expect((0..<3).map { transaction.firstRow(ofRequest: $0) } == [0, 1, 0])
        #expect(transaction.rows.ids.count == 2)
    }

    @Test func `A request that is not stored is answered that the queue is full`() {
        var transaction = transaction([request(["a"])], mayQueue: false)
        transaction.begin(keys: [], stored: [], expectsShared: false)
        // The queue is full, but the cache may know the result. So the statement runs once.
        #expect(isFirstRunPlain(transaction) == true)
        #expect(transaction.answer(toRequest: 0) == .failure(.queueFull))
        #expect(transaction.committedOutcome(ofRequest: 0) == nil)
    }
}
