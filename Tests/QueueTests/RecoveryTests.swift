import Postgres
import Queue
import TestSupport
import Testing
import Threading

@Suite struct Recovery {
    let bench: Bench

    init() throws { bench = try Bench() }

    /// Waits until a neighbour in the ring waits for this worker's lock. The ring includes a new worker within 250 ms.
    private func waitUntilWatched(_ session: WorkerSession) throws {
        let worker = try #require(session.workerID)
        try eventually("watched") {
            try bench.value(
                """
                SELECT count(*) FROM pg_locks
                WHERE locktype = 'advisory' AND objid = \(worker) AND NOT granted
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """) != "0"
        }
    }

    /// The time until a session has claimed this many tasks.
    private func timeToClaim(_ count: Int, _ session: WorkerSession) throws -> Duration {
        let start = ContinuousClock.now
        let wake = EventFD()
        var claimed = 0
        while claimed < count {
            let tasks = try session.claim()
            claimed += tasks.count
            if tasks.isEmpty, try session.waitForWork(upTo: .seconds(10), wake: wake) == .timeout {
                throw Unexpected(what: "not recovered")
            }
        }
        return .now - start
    }

    @Test func `A dead worker's tasks run on its neighbour at once`() throws {
        let client = bench.client()
        let watch = bench.watch(maintenanceInterval: .seconds(3600))
        defer {
            client.shutdown()
            watch.stop()
        }
        let survivor = try bench.session("survivor", watch: watch)
        var times: [Duration] = []
        for round in 0..<5 {
            let victim = try bench.session("victim")
            _ = try client.submit((0..<20).map { Submission(task: task("\(round)-\($0)")) })
            #expect(try victim.claim().count == 20)
            try waitUntilWatched(victim)
            try bench.kill(victim)
            times.append(try timeToClaim(20, survivor))
            // The lost session can neither claim nor store tasks any more.
            #expect(throws: QueueError.sessionLost) { try victim.claim() }
            #expect(!victim.isRegistered)
        }
        // Without the ring of workers, recovery would take up to the interval of the watch. The machine may be busy, so
        // only the second fastest time counts.
        #expect(times.sorted()[1] < .milliseconds(100), "\(times)")
        #expect(try bench.value("SELECT count(*) FROM worker") == "1")
        // Nobody knows which of the tasks had started, so the lost attempts do not count.
        #expect(try bench.value("SELECT min(attempts), max(attempts) FROM task") == "1|1")
    }

    @Test func `A late completion of a lost session stores nothing`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("contested")).queuedID)
        let slow = try bench.session("slow")
        let claimed = try slow.claim()
        try bench.kill(slow)
        let watch = bench.watch()
        defer { watch.stop() }
        let other = try bench.session("other", watch: watch)
        _ = try timeToClaim(1, other)
        let lost = try bench.value("SELECT last_error FROM task")
        #expect(throws: QueueError.sessionLost) { try slow.complete(claimed, result: #"{"hash":"late"}"#) }
        try slow.register()
        try slow.complete(claimed, result: #"{"hash":"late"}"#)
        #expect(try client.record(id)?.status == .processing)
        try slow.fail(claimed, "late")
        try slow.fail(claimed, "late", isRetryable: false)
        try slow.giveBack(claimed.map(\.id))
        #expect(try bench.value("SELECT worker_id, last_error FROM task") == "\(try #require(other.workerID))|\(lost)")
        try other.complete(claimed, result: #"{"hash":"second"}"#)
        #expect(try client.record(id)?.result == Array(#"{"hash":"second"}"#.utf8))
        try slow.complete(claimed, result: #"{"hash":"late"}"#)
        #expect(try client.record(id)?.result == Array(#"{"hash":"second"}"#.utf8))
        #expect(try bench.value("SELECT count(*) FROM finished_task") == "1")
    }

    @Test func `When two neighbours die together, a third worker recovers both`() throws {
        let client = bench.client()
        let watch = bench.watch(maintenanceInterval: .seconds(3600))
        defer {
            client.shutdown()
            watch.stop()
        }
        let victims = [try bench.session("a"), try bench.session("b")]
        let survivor = try bench.session("c", watch: watch)
        _ = try client.submit((0..<20).map { Submission(task: task("\($0)")) })
        for victim in victims { #expect(try victim.claim(10).count == 10) }
        for victim in victims { try bench.kill(victim) }
        let time = try timeToClaim(20, survivor)
        #expect(time < .seconds(2))
    }

    @Test func `The next worker that starts recovers one that was alone`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit(task("orphan"))
        let victim = try bench.session("victim")
        _ = try victim.claim()
        try bench.kill(victim)
        let watch = bench.watch()
        defer { watch.stop() }
        let next = try bench.session("next", watch: watch)
        #expect(try timeToClaim(1, next) < .seconds(2))
    }

    @Test func `A worker's own watch recovers a session that was lost while the process is alive`() throws {
        let client = bench.client()
        let watch = bench.watch(maintenanceInterval: .seconds(3600))
        defer {
            client.shutdown()
            watch.stop()
        }
        _ = try client.submit(task("dropped"))
        let session = try bench.session("only", watch: watch)
        _ = try session.claim()
        try bench.kill(session)
        #expect(throws: QueueError.sessionLost) { try session.claim() }
        try session.register()
        #expect(try timeToClaim(1, session) < .seconds(2))
    }

    @Test func `A task that kills its workers fails, with the reason`() throws {
        let client = bench.client()
        let watch = bench.watch()
        defer {
            client.shutdown()
            watch.stop()
        }
        let id = try #require(try client.submit([Submission(task: task("poison"), maxAttempts: 3)])[0].queuedID)
        let answer = Monitor<TaskRecord??>(nil)
        client.task(id, by: .all, wait: .seconds(30)) { result in answer.broadcast { $0 = .some(try? result.get()) } }
        for attempt in 1...3 {
            let victim = try bench.session("victim \(attempt)")
            _ = try timeToClaim(1, victim)
            try bench.kill(victim)
        }
        let record = try #require(answer.wait(for: .seconds(10)) { $0 } ?? nil)
        #expect(record.status == .failed)
        #expect(record.error == "the worker that ran it was lost, at attempt 3 of 3")
        #expect(record.attempts == 3)
    }

    @Test func `Of the tasks of a lost worker only the one that kills workers fails, and no other loses an attempt`()
        throws
    {
        let client = bench.client()
        let watch = bench.watch()
        defer {
            client.shutdown()
            watch.stop()
        }
        let submissions = (0..<20).map { Submission(task: task("\($0)"), maxAttempts: 2) }
        let poison = submissions[7].id
        _ = try client.submit(submissions)
        var losses = 0
        while try client.record(poison)?.status != .failed {
            let worker = try bench.session("worker \(losses)")
            try eventually("claimed") {
                let claimed = try worker.claim()
                if claimed.contains(where: { $0.id == poison }) {
                    // The first worker claims all 20 tasks. Each later worker claims the poison task alone.
                    #expect(claimed.count == (losses == 0 ? 20 : 1))
                    try bench.kill(worker)
                    return true
                }
                try worker.complete(claimed)
                return try client.record(poison)?.status == .failed
            }
            losses += 1
            try #require(losses < 10)
            try eventually("recovered") {
                try bench.value("SELECT count(*) FROM task WHERE worker_id IS NOT NULL") == "0"
            }
        }
        #expect(losses == 3)
        let record = try #require(try client.record(poison))
        #expect(record.attempts == 2)
        #expect(record.error == "the worker that ran it was lost, at attempt 2 of 2")
        let last = try bench.session("last")
        try eventually("all others are done") {
            try last.complete(try last.claim())
            return try bench.value("SELECT count(*) FROM task") == "0"
        }
        #expect(
            try bench.value("SELECT outcome, count(*), max(attempts) FROM finished_task GROUP BY 1 ORDER BY 1")
                == "completed|19|1\nfailed|1|2")
    }

    @Test(arguments: [true, false])
    func `Tasks of a session whose process is alive do not become suspects`(isRecoveredFirst: Bool) throws {
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit((0..<5).map { Submission(task: task("\($0)"), maxAttempts: 1) })
        let session = try bench.session()
        #expect(try session.claim().count == 5)
        try bench.kill(session)
        #expect(throws: QueueError.sessionLost) { try session.claim() }
        var watch: WorkerWatch?
        defer { watch?.stop() }
        let recover = {
            watch = bench.watch()
            try eventually("recovered") {
                try bench.value("SELECT count(*) FROM task WHERE worker_id IS NULL") == "5"
            }
        }
        if isRecoveredFirst { try recover() }
        try session.register()
        if !isRecoveredFirst { try recover() }
        #expect(try bench.value("SELECT count(suspect_of), max(attempts) FROM task") == "0|0")
        #expect(try session.claim().map(\.isSuspect) == [false, false, false, false, false])
    }

    @Test
    func `A suspect is claimed alone, by a worker without tasks, and an attempt that fails ends the suspicion`()
        throws
    {
        let client = bench.client()
        let watch = bench.watch()
        defer {
            client.shutdown()
            watch.stop()
        }
        _ = try client.submit((0..<3).map { Submission(task: task("\($0)")) })
        let victim = try bench.session("victim")
        _ = try victim.claim()
        try bench.kill(victim)
        try eventually("recovered") { try bench.value("SELECT count(suspect_of) FROM task") == "3" }
        let fresh = try #require(try client.submit(task("fresh")).queuedID)
        let session = try bench.session()
        #expect(session.mayHaveSuspects)
        #expect(try session.transact(completed: [], claim: 10, isAlone: false).map(\.id) == [fresh])
        for left in [2, 1, 0] {
            let claimed = try session.transact(completed: [], claim: 10, isAlone: true)
            #expect(claimed.map(\.isSuspect) == [true])
            try session.fail(claimed)
            #expect(try bench.value("SELECT count(suspect_of) FROM task") == "\(left)")
            // Postpone the failed task. On a slow machine, its backoff could end before the next claim.
            let postponed = """
                WITH postponed AS (
                    UPDATE task SET run_at = now() + interval '1 hour' WHERE id = '\(claimed[0].id)' RETURNING 1
                ) SELECT count(*) FROM postponed
                """
            #expect(try bench.value(postponed) == "1")
        }
        #expect(try session.transact(completed: [], claim: 10, isAlone: true).isEmpty)
        #expect(!session.mayHaveSuspects)
    }

    @Test func `Only a worker that has not signed off is reported as gone`() throws {
        let log = LogRecorder()
        let watch = bench.watch(maintenanceInterval: .seconds(3600), logger: log.logger)
        defer { watch.stop() }
        let staying = try bench.session("staying", watch: watch)
        for _ in 0..<3 {
            let leaving = try bench.session("leaving")
            try waitUntilWatched(leaving)
            leaving.signOff()
        }
        let victim = try bench.session("victim")
        try waitUntilWatched(victim)
        try bench.kill(victim)
        try eventually("noticed") { log.messages.contains("A worker is gone") }
        #expect(log.messages.filter { $0 == "A worker is gone" }.count == 1)
        staying.signOff()
    }

    @Test func `A worker that signs off leaves nothing to recover`() throws {
        let watch = bench.watch()
        defer { watch.stop() }
        let staying = try bench.session("staying", watch: watch)
        let leaving = try bench.session("leaving")
        leaving.signOff()
        #expect(try bench.value("SELECT string_agg(name, ',') FROM worker") == "staying")
        #expect(try staying.claim().isEmpty)
    }
}
