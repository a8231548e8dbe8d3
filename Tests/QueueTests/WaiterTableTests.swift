import Testing

@testable import Queue

@Suite struct WaiterTableTests {
    private let start = ContinuousClock.now

    @Test func `Waiters expire in the order of their times, and answered ones do not expire`() {
        var table = WaiterTable<Int>()
        let tasks = (0..<4).map { _ in TaskID() }
        let tickets = [30, 10, 20, 40].enumerated().map { index, seconds in
            table.add(tasks[index], until: start + .seconds(seconds), index)
        }
        #expect(tickets.map(\.isFirst) == [true, true, false, false])
        #expect(table.nextExpiry == start + .seconds(10))
        let removed = table.remove(tickets[1].ticket)
        #expect(removed == 1)
        let again = table.remove(tickets[1].ticket)
        #expect(again == nil)
        #expect(table.nextExpiry == start + .seconds(20))
        let expired = table.removeExpired(at: start + .seconds(30))
        #expect(expired.map(\.callback) == [2, 0])
        #expect(table.tasks == [tasks[3]])
        let left = table.removeAll()
        #expect(left.map(\.callback) == [3])
        #expect(table.nextExpiry == nil && table.count == 0)
    }

    @Test func `All waiters of a task are removed together`() {
        var table = WaiterTable<Int>()
        let task = TaskID()
        for number in 0..<3 { _ = table.add(task, until: start + .seconds(number), number) }
        _ = table.add(TaskID(), until: start, 9)
        #expect(table.isAwaited(task))
        let result = table.remove(task: task)
        #expect(result == [0, 1, 2])
        #expect(!table.isAwaited(task))
        #expect(table.count == 1)
    }

    @Test func `A submission is answered once, whichever of its two reports comes first`() {
        let record = TaskRecord(
            id: TaskID(), type: "sha256", status: .completed, result: nil, error: nil, attempts: 1, createdAt: .now)
        func submission() -> AwaitedSubmission { AwaitedSubmission(id: record.id) }
        func answer(_ action: AwaitedSubmission.Action) -> SubmissionAnswer? {
            if case .answer(let answer) = action { answer } else { nil }
        }
        var finishedFirst = submission()
        #expect(answer(finishedFirst.waited(.success(record))) == .success([.finished(record)]))
        #expect(answer(finishedFirst.stored(.success([.queued(record.id)]))) == nil)
        // The wait times out before the commit. Before the task is stored, the client must not be told that it is
        // queued.
        var overdue = submission()
        #expect(answer(overdue.waited(.success(nil))) == nil)
        #expect(answer(overdue.stored(.failure(.databaseUnavailable))) == .failure(.databaseUnavailable))
        var late = submission()
        #expect(answer(late.stored(.success([.queued(record.id)]))) == nil)
        #expect(answer(late.waited(.success(nil))) == .success([.queued(record.id)]))
        #expect(answer(late.waited(.success(record))) == nil)
        var joined = submission()
        let other = TaskID()
        guard case .waitFor(other) = joined.stored(.success([.queued(other)])) else {
            Issue.record("does not wait for the other task")
            return
        }
    }
}
