import Postgres
import Queue
import TestSupport
import Testing
import Threading

@Suite struct Recovery {
    let bench: Bench

    init() throws { bench = try Bench() }

    /// Ends a session from outside, as the server does when the worker's process is killed.
    private func kill(_ session: WorkerSession) throws {
        let worker = try #require(session.workerID)
        try bench.database.sql(
            """
            SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'advisory' AND classid = worker_lock_class() AND objid = \(worker) AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """)
    }

    /// The ring notices a newcomer within a quarter of a second.
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

    /// Until another session has claimed so many tasks.
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
            try kill(victim)
            times.append(try timeToClaim(20, survivor))
            // What the lost session says afterwards stores nothing.
            #expect(throws: QueueError.sessionLost) { try victim.claim() }
            #expect(!victim.isRegistered)
        }
        // Without the ring it would be up to the watch's period. The machine may be busy: the fastest tell.
        #expect(times.sorted()[1] < .milliseconds(100), "\(times)")
        #expect(try bench.value("SELECT count(*) FROM worker") == "1")
        #expect(try bench.value("SELECT min(attempts), max(attempts) FROM task") == "2|2")
    }

    @Test func `A late completion of a lost session stores nothing`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("contested")).queuedID)
        let slow = try bench.session("slow")
        let claimed = try slow.claim()
        try kill(slow)
        let watch = bench.watch()
        defer { watch.stop() }
        let other = try bench.session("other", watch: watch)
        _ = try timeToClaim(1, other)
        #expect(throws: QueueError.sessionLost) { try slow.complete(claimed, result: #"{"hash":"late"}"#) }
        try slow.register()
        try slow.complete(claimed, result: #"{"hash":"late"}"#)
        #expect(try client.record(id)?.status == .processing)
        try other.complete(claimed, result: #"{"hash":"second"}"#)
        #expect(try client.record(id)?.result == Array(#"{"hash":"second"}"#.utf8))
        try slow.complete(claimed, result: #"{"hash":"late"}"#)
        #expect(try client.record(id)?.result == Array(#"{"hash":"second"}"#.utf8))
        #expect(try bench.value("SELECT count(*) FROM finished_task") == "1")
    }

    @Test func `When two neighbours die together a third recovers both`() throws {
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
        for victim in victims { try kill(victim) }
        let time = try timeToClaim(20, survivor)
        #expect(time < .seconds(2))
    }

    @Test func `A worker that was alone is recovered by the next that starts`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        _ = try client.submit(task("orphan"))
        let victim = try bench.session("victim")
        _ = try victim.claim()
        try kill(victim)
        let watch = bench.watch()
        defer { watch.stop() }
        let next = try bench.session("next", watch: watch)
        #expect(try timeToClaim(1, next) < .seconds(2))
    }

    @Test func `A worker's own watch recovers a session that was lost while the process lives`() throws {
        let client = bench.client()
        let watch = bench.watch(maintenanceInterval: .seconds(3600))
        defer {
            client.shutdown()
            watch.stop()
        }
        _ = try client.submit(task("dropped"))
        let session = try bench.session("only", watch: watch)
        _ = try session.claim()
        try kill(session)
        #expect(throws: QueueError.sessionLost) { try session.claim() }
        try session.register()
        #expect(try timeToClaim(1, session) < .seconds(2))
    }

    @Test func `A task that brings its workers down ends as failed, with the reason`() throws {
        let client = bench.client()
        let watch = bench.watch()
        defer {
            client.shutdown()
            watch.stop()
        }
        let id = try #require(try client.submit([Submission(task: task("poison"), maxAttempts: 3)])[0].queuedID)
        let answer = Monitor<TaskRecord??>(nil)
        client.task(id, wait: .seconds(30)) { told in answer.broadcast { $0 = .some(try? told.get()) } }
        for attempt in 1...3 {
            let victim = try bench.session("victim \(attempt)")
            _ = try timeToClaim(1, victim)
            try kill(victim)
        }
        let record = try #require(answer.wait(for: .seconds(10)) { $0 } ?? nil)
        #expect(record.status == .failed)
        #expect(record.error == "the worker that ran it was lost, at attempt 3 of 3")
        #expect(record.attempts == 3)
    }

    @Test func `Only a worker that has not signed off is called gone`() throws {
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
        try kill(victim)
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
