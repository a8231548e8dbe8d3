import Testing

@testable import Queue

@Suite struct SubmissionBatchLimitTests {
    /// Requests with these numbers of tasks. The input of each task has 21 bytes.
    private func requests(_ counts: [Int], hasKey: Bool = false) -> [SubmissionRequest] {
        counts.map { count in
            let tasks = (0..<count).map { Submission(task: task(String(10_000_000 + $0))) }
            return SubmissionRequest(
                tasks: tasks, isAwaited: false, key: hasKey ? IdempotencyKey(key: [1], payload: [2]) : nil
            ) { _ in }
        }
    }

    private func sizes(_ limit: SubmissionBatchLimit, _ requests: [SubmissionRequest]) -> [[Int]] {
        limit.split(requests).map { batch in batch.map(\.tasks.count) }
    }

    @Test func `A batch has as many requests as its tasks fit in, and their order stays`() {
        let limit = SubmissionBatchLimit(tasks: 10)
        #expect(sizes(limit, []) == [])
        #expect(sizes(limit, requests([3, 3, 4, 1])) == [[3, 3, 4], [1]])
        #expect(sizes(limit, requests([3, 8, 2])) == [[3], [8, 2]])
    }

    @Test func `A request that exceeds the limit is a batch by itself`() {
        #expect(sizes(SubmissionBatchLimit(tasks: 10), requests([1, 25, 1])) == [[1], [25], [1]])
    }

    @Test func `Bytes of inputs and idempotency keys are limited as well`() {
        #expect(sizes(SubmissionBatchLimit(bytes: 40), requests([1, 1, 1])) == [[1, 1], [1]])
        #expect(sizes(SubmissionBatchLimit(keys: 2), requests([1, 1, 1], hasKey: true)) == [[1, 1], [1]])
    }
}
