import Glibc
import Postgres
import TestSupport
import Testing
import Threading

@testable import Queue

/// The server goes away, is silent, takes no writes, or has no standby to confirm a commit. Each test that disturbs the
/// server has a server of its own.
@Suite struct LostServer {
    /// Waits until a commit waits for the standby.
    /// - Returns: the process id of the session that commits.
    private func waitingCommit(_ cluster: TestCluster) throws -> String {
        try eventually("a commit waits for the standby") {
            let pid = try cluster.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' LIMIT 1")
            return pid.isEmpty ? nil : pid
        }
    }

    /// If the server has not answered a statement, the client sends it nothing for the next 250 ms: all calls fail at
    /// once. This function waits until that time is over.
    private func untilAsked() { sleepCurrentThread(for: .milliseconds(400)) }

    private func setStandby(_ names: String, _ cluster: TestCluster) throws {
        try cluster.sql("ALTER SYSTEM SET synchronous_standby_names = '\(names)'")
        try cluster.sql("SELECT pg_reload_conf()")
        try eventually("the setting is in force") { try cluster.sql("SHOW synchronous_standby_names") == names }
    }

    @Test func `A commit that no standby confirms is not acknowledged, whoever asks again, until one does`() throws {
        let cluster = TestCluster(isDurable: true)
        let bench = try Bench(on: cluster)
        var postgres = bench.postgres
        postgres.responseTimeout = .seconds(2)
        let client = QueueClient(.init(postgres: postgres), logger: Bench.logger)
        defer {
            client.shutdown()
            cluster.stop(SIGQUIT)
        }
        let first = Submission(task: task("a key", isCacheable: false))
        let key = IdempotencyKey(key: Array("k".utf8), payload: Array("p".utf8))
        _ = try client.submit(task("warm up"))
        for end in ["pg_terminate_backend", "pg_cancel_backend"] {
            try setStandby("nobody", cluster)
            var submission = Submission(task: task("in doubt \(end)", isCacheable: false))
            submission.mayBeResent = true
            let start = ContinuousClock.now
            let pending = Monitor<Result<[SubmissionOutcome], QueueError>?>(nil)
            client.submit([submission], wait: nil) { result in pending.broadcast { $0 = result } }
            try cluster.sql("SELECT \(end)(\(try waitingCommit(cluster)))")
            // The task is stored, but no standby has confirmed it. So the outcome is unknown to the node.
            #expect(pending.wait(for: .seconds(20)) { $0 } == .failure(.outcomeUnknown), "\(end)")
            #expect(ContinuousClock.now - start < .seconds(4))
            #expect(try bench.value("SELECT count(*) FROM task WHERE id = '\(submission.id)'") == "1")
            // The balancer or the client sends the request again. The task is visible, but still no standby has
            // confirmed it.
            untilAsked()
            #expect(throws: QueueError.outcomeUnknown) { try client.submit([submission]) }
            try setStandby("", cluster)
            untilAsked()
            #expect(try client.submit([submission]) == [.repeated(submission.id)])
        }
        // The same with an idempotency key: the answer of the key is stored, but no standby has confirmed it.
        try setStandby("nobody", cluster)
        let pending = Monitor<Result<[SubmissionOutcome], QueueError>?>(nil)
        client.submit([first], wait: nil, key: key) { result in pending.broadcast { $0 = result } }
        try cluster.sql("SELECT pg_terminate_backend(\(try waitingCommit(cluster)))")
        #expect(pending.wait(for: .seconds(20)) { $0 } == .failure(.outcomeUnknown))
        untilAsked()
        #expect(throws: QueueError.outcomeUnknown) { try client.submit([Submission(task: first.task)], key: key) }
        try setStandby("", cluster)
        untilAsked()
        #expect(try client.submit([Submission(task: first.task)], key: key) == [.repeated(first.id)])
        #expect(try bench.value("SELECT count(*) FROM task") == "4")
    }

    @Test func `Nodes and workers drop sessions that take no writes, and go on when the server takes them`() throws {
        let cluster = TestCluster(isDurable: false)
        let bench = try Bench(on: cluster)
        let client = bench.client()
        defer {
            client.shutdown()
            cluster.stop(SIGQUIT)
        }
        let id = try #require(try client.submit(task("before")).queuedID)
        let session = try bench.session()
        #expect(try client.isDatabaseUp())
        // Existing sessions become read-only as well.
        for how in ["ALTER SYSTEM", "ALTER DATABASE \(bench.database.name)"] {
            try cluster.sql("\(how) SET default_transaction_read_only = on")
            try cluster.sql("SELECT pg_reload_conf()")
            if how != "ALTER SYSTEM" {
                try cluster.sql(
                    """
                    SET default_transaction_read_only = off;
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(bench.database.name)'
                    """)
            }
            try eventually("no submission is taken") {
                do {
                    _ = try client.submit(task("meanwhile \(how)"))
                    return false
                } catch {
                    // A node that has not yet noticed the end of its session sends the submission to this session.
                    if error as? QueueError == .outcomeUnknown { return false }
                    #expect(error as? QueueError == .databaseUnavailable)
                    return true
                }
            }
            #expect(try client.databaseState() == .down)
            #expect(throws: QueueError.databaseUnavailable) { try client.cancel(id) }
            #expect(throws: QueueError.databaseUnavailable) { try client.setPaused("md5", true) }
            #expect(throws: QueueError.self) {
                if !session.isRegistered { try session.register() }
                _ = try session.claim()
            }
            try cluster.sql(
                "SET default_transaction_read_only = off; \(how) RESET default_transaction_read_only")
            try cluster.sql("SELECT pg_reload_conf()")
            try eventually("submissions are taken") { (try? client.submit(task("after \(how)"))) != nil }
            #expect(try client.databaseState() == .up(note: nil))
            try client.setPaused("md5", false)
            try session.register()
        }
        #expect(try client.cancel(id) != .unknown)
        session.signOff()
    }

    @Test func `A server that is silent is given up after 5 s, and all requests are answered`() throws {
        let cluster = TestCluster(isDurable: false)
        let bench = try Bench(on: cluster)
        let client = bench.client()
        let id = try #require(try client.submit(task("before")).queuedID)
        _ = try (client.lookUp(id, by: .all), client.databaseState(), client.record(id))
        let processes = RunningProcess.descendants(of: cluster.pid).map(\.pid) + [cluster.pid]
        for process in processes { kill(process, SIGSTOP) }
        let start = ContinuousClock.now
        let slowest = Monitor<[String: Duration]>([:])
        let calls: [(String, @Sendable () throws -> Void)] = [
            ("submit", { _ = try client.submit(task("silent")) }),
            ("submit an array", { _ = try client.submit((0..<10).map { Submission(task: task("silent \($0)")) }) }),
            ("look up", { _ = try client.record(id) }),
            ("look up, and wait 1 s", { _ = try client.record(id, wait: .seconds(1)) }),
            ("submit, and wait 1 s", { _ = try client.submit(task("silent and awaited"), wait: .seconds(1)) }),
            ("cancel", { _ = try client.cancel(id) }),
            ("read a list", { _ = try client.types(["md5"], by: .all) }),
            ("pause", { try client.setPaused("md5", true) }),
            (
                "late submission",
                {
                    sleepCurrentThread(for: .seconds(2))
                    _ = try client.submit(task("late"))
                }
            ),
        ]
        let threads = calls.map { name, call in
            NamedThread("test-call") {
                do {
                    try call()
                    Issue.record("\(name) was answered")
                } catch {
                    #expect(error as? QueueError == .databaseUnavailable || error as? QueueError == .outcomeUnknown)
                }
                slowest.withLock { $0[name] = ContinuousClock.now - start }
            }
        }
        #expect(try client.databaseState() == .down)
        #expect(ContinuousClock.now - start < .seconds(5))
        for thread in threads { thread.join() }
        for (name, time) in slowest.withLock({ $0 }) { #expect(time < .seconds(8), "\(name)") }
        for process in processes.reversed() { kill(process, SIGCONT) }
        // After the silence, there is a pause in which the client does not ask the server. Calls do not prolong this
        // pause.
        let back = ContinuousClock.now
        try eventually("submissions are taken") { (try? client.submit(task("after"))) != nil }
        #expect(ContinuousClock.now - back < .seconds(3))
        client.shutdown()
        cluster.stop(SIGQUIT)
    }

    @Test func `The state of the database is known although all connections of the pool are busy`() throws {
        let bench = try Bench()
        let client = bench.client()
        defer { client.shutdown() }
        let holder = try PostgresConnection(bench.postgres)
        try holder.execute(text: "BEGIN; LOCK TABLE task_type IN ACCESS EXCLUSIVE MODE")
        let threads = (0..<10).map { _ in NamedThread("test-list") { _ = try? client.types(["md5"], by: .all) } }
        try eventually("lists wait") { try bench.waiting() ?? 0 >= 2 }
        for _ in 0..<3 { #expect(try client.databaseState() == .up(note: nil)) }
        try holder.execute(text: "ROLLBACK")
        for thread in threads { thread.join() }
    }
}
