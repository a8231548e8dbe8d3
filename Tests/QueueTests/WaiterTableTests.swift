import Testing

@testable import Queue

@Suite struct WaiterTableTests {
    private let start = ContinuousClock.now

    @Test func `Waiters expire in the order of their deadlines, and those answered do not`() {
        var table = WaiterTable<Int>()
        let tasks = (0..<4).map { _ in TaskID() }
        let tickets = [30, 10, 20, 40].enumerated().map { index, seconds in
            table.add(tasks[index], until: start + .seconds(seconds), index)
        }
        #expect(tickets.map(\.isFirst) == [true, true, false, false])
        #expect(table.nextDeadline == start + .seconds(10))
        let removed = table.remove(tickets[1].ticket)
        #expect(removed == 1)
        let again = table.remove(tickets[1].ticket)
        #expect(again == nil)
        #expect(table.nextDeadline == start + .seconds(20))
        let expired = table.removeExpired(at: start + .seconds(30))
        #expect(expired.map(\.callback) == [2, 0])
        #expect(table.tasks == [tasks[3]])
        let left = table.removeAll()
        #expect(left.map(\.callback) == [3])
        #expect(table.nextDeadline == nil && table.count == 0)
    }

    @Test func `All who wait for a task are found together`() {
        var table = WaiterTable<Int>()
        let task = TaskID()
        for number in 0..<3 { _ = table.add(task, until: start + .seconds(number), number) }
        _ = table.add(TaskID(), until: start, 9)
        #expect(table.isAwaited(task))
        let told = table.remove(task: task)
        #expect(told == [0, 1, 2])
        #expect(!table.isAwaited(task))
        #expect(table.count == 1)
    }

    @Test(arguments: 1...10)
    func `The heap gives elements in order`(seed: UInt64) {
        var heap = Heap<UInt64>()
        var state = seed
        var elements: [UInt64] = []
        for _ in 0..<500 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            elements.append(state >> 40)
            heap.insert(state >> 40)
        }
        var taken: [UInt64] = []
        while let first = heap.removeFirst() { taken.append(first) }
        #expect(taken == elements.sorted())
    }

    @Test func `A submission is answered once, whichever of its two reports comes first`() {
        let record = TaskRecord(
            id: TaskID(), type: "sha256", status: .completed, result: nil, error: nil, attempts: 1, createdAt: .now)
        func submission() -> AwaitedSubmission { AwaitedSubmission(id: record.id) }
        func answer(_ action: AwaitedSubmission.Action) -> Submitter.Answer? {
            if case .answer(let answer) = action { answer } else { nil }
        }
        var finishedFirst = submission()
        #expect(answer(finishedFirst.told(.success(record))) == .success([.finished(record)]))
        #expect(answer(finishedFirst.stored(.success([.queued(record.id)]))) == nil)
        // The time is up before the commit: not called queued until it is.
        var overdue = submission()
        #expect(answer(overdue.told(.success(nil))) == nil)
        #expect(answer(overdue.stored(.failure(.databaseUnavailable))) == .failure(.databaseUnavailable))
        var late = submission()
        #expect(answer(late.stored(.success([.queued(record.id)]))) == nil)
        #expect(answer(late.told(.success(nil))) == .success([.queued(record.id)]))
        #expect(answer(late.told(.success(record))) == nil)
        var joined = submission()
        let other = TaskID()
        guard case .waitFor(other) = joined.stored(.success([.queued(other)])) else {
            Issue.record("does not wait for the other task")
            return
        }
    }
}
