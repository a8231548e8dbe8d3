import Queue
import TestSupport
import Testing
import Threading

@Suite struct Waiting {
    let bench: Bench

    init() throws { bench = try Bench() }

    /// A worker that completes this many tasks, each after `delay`.
    private func worker(tasks: Int, delay: Duration = .zero) -> NamedThread {
        NamedThread("test-worker") {
            guard let session = try? bench.session() else { return }
            var done = 0
            let wake = EventFD()
            while done < tasks {
                guard let claimed = try? session.claim(), !claimed.isEmpty else {
                    guard (try? session.waitForWork(upTo: .seconds(10), wake: wake)) == .work else { return }
                    continue
                }
                if delay > .zero { _ = try? session.waitForWork(upTo: delay, wake: wake, wakesForWork: false) }
                try? session.complete(claimed)
                done += claimed.count
            }
        }
    }

    @Test func `A submission that waits is answered with the result, milliseconds after the task's commit`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let worker = worker(tasks: 51)
        _ = try client.submit(task("warm up"), wait: .seconds(10))
        var times: [Duration] = []
        for number in 0..<50 {
            let start = ContinuousClock.now
            let outcome = try client.submit(task("\(number)"), wait: .seconds(10))
            times.append(.now - start)
            guard case .finished(let record) = outcome else { throw Unexpected(what: "not finished") }
            #expect(record.status == .completed)
        }
        worker.join()
        // With polling, the times would be near the polling interval. The machine may be busy, so only the sixth
        // fastest time counts.
        #expect(times.sorted()[5] < .milliseconds(50))
    }

    @Test func `Any node can wait for a task of another node, and all waiters are answered`() throws {
        let (one, other) = (bench.client(), bench.client())
        defer {
            one.shutdown()
            other.shutdown()
        }
        let id = try #require(try one.submit(task("shared")).queuedID)
        let answers = Monitor<[TaskStatus?]>([])
        for client in [one, other, other] {
            client.task(id, by: .all, wait: .seconds(20)) { answer in
                let status = try? answer.get()?.status
                answers.broadcast { $0.append(status) }
            }
        }
        // An identical submission waits for the same task.
        other.submit([Submission(task: task("shared"))], wait: .seconds(20)) { answer in
            if case .success(let outcomes) = answer, case .finished(let record)? = outcomes.first, record.id == id {
                answers.broadcast { $0.append(record.status) }
            }
        }
        try eventually("marked") { try bench.value("SELECT awaited FROM task") == "t" }
        let worker = worker(tasks: 1, delay: .milliseconds(100))
        #expect(
            answers.wait(for: .seconds(20)) { $0.count == 4 ? $0 : nil }
                == .some(Array(repeating: .completed, count: 4)))
        worker.join()
    }

    @Test func `When the time is up, the answer is the task as it is`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let start = ContinuousClock.now
        let id = try #require(try client.submit(task("slow"), wait: .milliseconds(100)).queuedID)
        let session = try bench.session()
        _ = try session.claim()
        #expect(try client.record(id, wait: .milliseconds(100))?.status == .processing)
        #expect(ContinuousClock.now - start >= .milliseconds(200))
    }

    @Test func `Failures and cancellations end a wait as well`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        for isCancelled in [true, false] {
            let id = try #require(try client.submit(task("\(isCancelled)")).queuedID)
            let status = Monitor<TaskStatus?>(nil)
            client.task(id, by: .all, wait: .seconds(20)) { answer in
                let record = try? answer.get()
                status.broadcast { $0 = record?.status }
            }
            try eventually("marked") { try bench.value("SELECT awaited FROM task") == "t" }
            let claimed = try session.claim()
            if isCancelled { _ = try client.cancel(id) } else { try session.fail(claimed, isRetryable: false) }
            #expect(status.wait(for: .seconds(5)) { $0 } == (isCancelled ? .cancelled : .failed))
        }
    }

    @Test func `After the listening session was lost, missed tasks are looked up`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let id = try #require(try client.submit(task("missed")).queuedID)
        let claimed = try session.claim()
        let status = Monitor<TaskStatus?>(nil)
        client.task(id, by: .all, wait: .seconds(20)) { answer in
            let record = try? answer.get()
            status.broadcast { $0 = record?.status }
        }
        try eventually("marked") { try bench.value("SELECT awaited FROM task") == "t" }
        // Store the end of the task without a notification, as if the notification had been sent while nobody listened.
        try bench.database.sql("UPDATE task SET awaited = false")
        try session.complete(claimed)
        #expect(status.wait(for: .milliseconds(300)) { $0 } == nil)
        try bench.database.sql(
            """
            SELECT count(pg_terminate_backend(pid, 1000)) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'LISTEN millrace_done%'
            """)
        #expect(status.wait(for: .seconds(10)) { $0 } == .completed)
    }

    @Test func `A shutdown stores what was submitted and answers all waiters`() throws {
        let client = bench.client()
        let answers = Monitor<[SubmissionOutcome?]>([])
        let submissions = (0..<200).map { Submission(task: task("\($0)")) }
        for (index, submission) in submissions.enumerated() {
            client.submit([submission], wait: index % 2 == 0 ? .seconds(60) : nil) { answer in
                let outcome = try? answer.get()[0]
                answers.broadcast { $0.append(outcome) }
            }
        }
        client.shutdown()
        #expect(answers.withLock { Set($0.compactMap(\.?.queuedID)) } == Set(submissions.map(\.id)))
        #expect(try bench.value("SELECT count(*) FROM task") == "200")
        #expect(throws: QueueError.shuttingDown) { try client.submit(task("late")) }
        #expect(throws: QueueError.shuttingDown) { try client.record(TaskID(), wait: .seconds(1)) }
    }

    @Test func `A thousand waiters on three nodes are all answered`() throws {
        let clients = (0..<3).map { _ in bench.client() }
        defer { for client in clients { client.shutdown() } }
        let finished = Monitor(0)
        for number in 0..<1000 {
            clients[number % 3].submit([Submission(task: task("\(number)"))], wait: .seconds(30)) { answer in
                guard case .success(let outcomes) = answer, case .finished? = outcomes.first else { return }
                finished.broadcast { $0 += 1 }
            }
        }
        let worker = worker(tasks: 1000)
        #expect(finished.wait(for: .seconds(30)) { $0 == 1000 ? true : nil } == true)
        worker.join()
    }
}
