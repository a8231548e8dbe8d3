import Testing

@testable import Queue
@testable import Worker

func task(_ type: String = "md5", id: TaskID = TaskID()) -> ClaimedTask {
    ClaimedTask(id: id, type: type, input: [], attempt: 1, maxAttempts: 5)
}

extension Workload {
    /// The job that a compute thread gets next.
    mutating func begin() throws -> Job {
        guard case .compute(let job)? = next() else { throw NothingToDo() }
        return job
    }

    struct NothingToDo: Error {}
}

@Suite struct `The workload` {
    private static let done = TaskCompletion.Outcome.completed(result: [])

    @Test func `Tasks are computed in the order in which they were claimed`() throws {
        var workload = Workload()
        let tasks = [task(), task("primes"), task()]
        workload.add(tasks)
        #expect(workload.view == .init(buffered: ["md5": 2, "primes": 1]))
        let ids = try [workload.begin(), workload.begin(), workload.begin()].map(\.task.id)
        #expect(ids == tasks.map(\.id))
        #expect(workload.view == .init(running: 3, busy: 3))
        #expect(workload.next() == nil)
    }

    @Test func `Ended tasks are collected until the queue thread takes them`() throws {
        var workload = Workload()
        workload.add([task("md5"), task("sha256")])
        let (first, second) = try (workload.begin(), workload.begin())
        _ = workload.end(second, .failed(message: "no", isRetryable: true), seconds: 2)
        _ = workload.end(first, Self.done, seconds: 1)
        #expect(workload.view == .init(ended: 2))
        let ends = workload.takeEnds()
        #expect(ends.map(\.type) == ["sha256", "md5"])
        #expect(ends.map(\.seconds) == [2, 1])
        #expect(ends.map(\.completion.id) == [second.task.id, first.task.id])
        #expect(workload.takeEnds().isEmpty)
        #expect(workload.view.isIdle)
    }

    @Test func `The queue thread is woken once, and only when it sleeps`() throws {
        var workload = Workload()
        workload.add([task(), task(), task()])
        let jobs = try [workload.begin(), workload.begin(), workload.begin()]
        let isWokenAwake = workload.end(jobs[0], Self.done, seconds: 0)
        let maySleepWithEnds = workload.beginSleep()
        _ = workload.takeEnds()
        let maySleep = workload.beginSleep()
        let isWokenAsleep = workload.end(jobs[1], Self.done, seconds: 0)
        let isWokenAgain = workload.end(jobs[2], Self.done, seconds: 0)
        #expect(!isWokenAwake && !maySleepWithEnds && maySleep && isWokenAsleep && !isWokenAgain)
    }

    @Test func `Tasks of a lost session are dropped, even if they end later`() throws {
        var workload = Workload()
        workload.add([task(), task(), task()])
        let (first, second) = try (workload.begin(), workload.begin())
        _ = workload.end(first, Self.done, seconds: 0)
        workload.loseSession()
        #expect(workload.view == .init(busy: 1))
        #expect(workload.takeEnds().isEmpty)
        workload.add([task("primes")])
        let third = try workload.begin()
        #expect(workload.view == .init(running: 1, busy: 2))
        _ = workload.end(second, Self.done, seconds: 0)
        #expect(workload.view == .init(running: 1, busy: 1))
        _ = workload.end(third, Self.done, seconds: 0)
        #expect(workload.takeEnds().map(\.type) == ["primes"])
    }

    @Test func `The tasks that would run last are given back`() throws {
        var workload = Workload()
        let tasks = [task("a"), task("b"), task("b"), task("c")]
        workload.add(tasks)
        _ = try workload.begin()
        #expect(workload.takeBack(keeping: 1) == [tasks[2].id, tasks[3].id])
        #expect(workload.view == .init(buffered: ["b": 1], running: 1, busy: 1))
        #expect(workload.takeBack(keeping: 5).isEmpty)
        workload.add([task("d")])
        #expect(try workload.begin().task.id == tasks[1].id)
        #expect(try workload.begin().task.type == "d")
    }

    @Test func `A task is given up one second after its time limit, and its late end is dropped`() throws {
        var workload = Workload(limits: ["md5": .seconds(2)])
        let start = ContinuousClock.now
        workload.add([task("md5"), task("primes"), task("md5")])
        var jobs: [Workload.Job] = []
        while case .compute(let job)? = workload.next(now: start) { jobs.append(job) }
        _ = workload.end(jobs[2], Self.done, seconds: 1)
        let early = workload.giveUpOverdue(now: start + .seconds(3))
        let overdue = workload.giveUpOverdue(now: start + .seconds(3.1))
        #expect(early.isEmpty && overdue == [jobs[0].task])
        #expect(workload.view == .init(ended: 2, running: 1, busy: 2, stuck: 1))
        let ends = workload.takeEnds()
        #expect(
            ends.map(\.completion.outcome) == [
                Self.done, .failed(message: "it took longer than 2 s", isRetryable: false),
            ])
        _ = workload.end(jobs[0], Self.done, seconds: 9)
        #expect(workload.view == .init(running: 1, busy: 1))
        #expect(workload.takeEnds().isEmpty)
    }

    @Test func `After the workload is closed, threads finish the waiting tasks and end`() throws {
        var workload = Workload()
        workload.add([task()])
        workload.close()
        _ = try workload.begin()
        guard case .leave? = workload.next() else {
            Issue.record("it stays")
            return
        }
    }
}
