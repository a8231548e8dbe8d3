import Client
import Glibc
import JSON
import Supervisor
import TestSupport
import Testing
import Threading

/// A standby takes over, or a host disappears from the network.
struct FailoverTests {
    @Test func `when a standby takes over, nodes and workers find it, and no acknowledged task is lost`() throws {
        let pair = try ReplicatedPair()
        let system = try RunningSystem(
            nodes: 2, workers: 2, environment: ["MILLRACE_LOG_LEVEL": "critical"],
            arguments: ["--database", pair.connectionString])
        let accepted = Accepted()
        let load = BackgroundLoad(system, clients: 4, accepted)
        try eventually("tasks are accepted") { accepted.count > 300 }
        let parts = (system.children("api") + system.children("worker") + system.children("balancer")).map(\.pid)
        // This task is running when the primary is killed.
        let waiting = try system.connection().submit("argon2", ["string": "under way", "time_cost": 4])

        pair.killPrimary()
        try eventually("a node reports that the database is down") {
            system.connection().attempt("GET", "/health")?.status == 503
        }
        let before = accepted.count
        try pair.promote()
        try eventually("tasks are accepted again", within: .seconds(20)) { accepted.count > before + 300 }
        load.stop()
        #expect(
            (system.children("api") + system.children("worker") + system.children("balancer")).map(\.pid) == parts)

        let ids = accepted.ids + [waiting]
        try eventually("all \(ids.count) accepted tasks are finished", within: .seconds(60)) {
            try pair.sql(
                """
                SELECT count(*) FROM unnest('{\(ids.joined(separator: ","))}'::uuid[]) AS accepted (id)
                JOIN finished_task USING (id) WHERE outcome = 'completed'
                """) == "\(ids.count)"
        }
        #expect(
            try pair.sql("SELECT count(*) FROM (SELECT FROM finished_task GROUP BY id HAVING count(*) > 1) t") == "0")
        try system.stop()
    }

    @Test(.enabled(if: TestNetwork.isPossible))
    func `a worker whose host disappears loses its tasks within 10 s, and stores no result when it is back`() throws {
        let network = try TestNetwork(hosts: ["far"])
        defer { network.remove() }
        let host = try #require(network.hosts["far"])
        let system = try RunningSystem(nodes: 1, workers: 1, environment: ["MILLRACE_WORKER_CONCURRENCY": "1"])
        try listen(system, on: network.address, for: host.address)
        let far = try ChildProcess(
            host.command(
                Command(
                    builtExecutable("millrace"), ["worker", "--concurrency", "1"],
                    environment: [
                        "DATABASE_URL": "host=\(network.address) user=millrace dbname=millrace",
                        "WORKER_NAME": "far", "MILLRACE_LOG_LEVEL": "critical",
                    ])), name: "far", output: .discarded)
        defer { _ = far.stop(SIGKILL, timeout: .seconds(5)) }
        try eventually("both workers are registered") { try system.sql("SELECT count(*) FROM worker") == "2" }
        // Each task takes some seconds, and each worker gets one.
        let input: JSONValue = ["string": "some seconds", "time_cost": 16, "memory_cost": 262_144]
        let connection = system.connection()
        let ids = try (0..<2).map { _ in try connection.submit("argon2", input) }
        let held = try eventually("the far worker has a task") {
            let id = try system.sql(
                "SELECT t.id FROM task t JOIN worker w ON w.id = t.worker_id WHERE w.name = 'far'")
            return id.isEmpty ? nil : id
        }

        try network.cut(host)
        let start = ContinuousClock.now
        try eventually("the tasks of the far worker are requeued") {
            try system.sql("SELECT count(*) FROM worker WHERE name = 'far'") == "0"
        }
        #expect(ContinuousClock.now - start < .milliseconds(10_500))
        #expect(ContinuousClock.now - start > .seconds(2), "the host was not cut off")
        for id in ids {
            let task = try connection.finished(id)
            let attempts = try connection.request("GET", "/task/\(id)/attempts").json()
            #expect(task["status"] == "completed", "\(task) \(attempts)")
        }
        let result = try connection.finished(held)["result"]
        try network.reconnect(host)
        try eventually("the far worker is registered again") {
            try system.sql("SELECT count(*) FROM worker WHERE name = 'far'") == "1"
        }
        #expect(try connection.finished(held)["result"] == result)
        let attempts = try connection.request("GET", "/task/\(held)/attempts").json()
        let outcomes = attempts.arrayValue ?? attempts["attempts"]?.arrayValue ?? []
        #expect(outcomes.map { $0["outcome"]?.stringValue } == ["lost", "completed"])
        #expect(outcomes.last?["worker"] == "worker-1")
        try system.stop()
    }

    @Test(.enabled(if: TestNetwork.isPossible))
    func `clients that wait at a node whose host disappears are answered by another node`() throws {
        let network = try TestNetwork(hosts: ["far"])
        defer { network.remove() }
        let host = try #require(network.hosts["far"])
        let system = try RunningSystem(nodes: 1, workers: 1)
        try listen(system, on: network.address, for: host.address)
        let node = "\(host.address):9000"
        let far = try ChildProcess(
            host.command(
                Command(
                    builtExecutable("millrace"), ["api", "--listen", node],
                    environment: [
                        "DATABASE_URL": "host=\(network.address) user=millrace dbname=millrace",
                        "MILLRACE_LOG_LEVEL": "critical",
                    ])), name: "far", output: .discarded)
        defer { _ = far.stop(SIGKILL, timeout: .seconds(5)) }
        let port = freePort()
        let folder = TemporaryFolder()
        let balancer = try Program.millrace(
            ["balancer", "-p", folder.path],
            environment: RunningSystem.quietEnvironment.merging([
                "MILLRACE_LISTEN": "127.0.0.1:\(port)",
                "MILLRACE_UPSTREAM": "\(node),unix:\(system.nodeSocket(1))",
            ]) { $1 })
        defer { balancer.process.signal(SIGKILL) }
        @Sendable func connection() -> HTTPConnection {
            HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: .seconds(60))
        }
        try eventually("both nodes answer") {
            let names = (0..<4).compactMap { _ in
                try? connection().request("GET", "/health").json()["node"]?.stringValue
            }
            return Set(names).count == 2
        }
        try system.sql("INSERT INTO task_type (type, is_paused) VALUES ('md5', true)")
        let waited = try connection().submit("md5", ["string": "is waited for"])
        let start = ContinuousClock.now
        let replies = try inParallel(5) { number -> ClientResponse? in
            if number < 4 { return try connection().request("GET", "/task/\(waited)?wait=45") }
            try eventually("all four clients wait, some of them at the far node") {
                let stats = try connection().request("GET", "/lb/stats").json()
                let active = stats["backends"]?.arrayValue?.compactMap { $0["active"]?.integerValue } ?? []
                return active.reduce(0, +) == 4 && active[0] > 0
            }
            try network.cut(host)
            // The balancer needs up to 10 s to notice that the host does not answer.
            sleepCurrentThread(for: .seconds(11))
            try system.sql("UPDATE task_type SET is_paused = false; NOTIFY millrace_work")
            return nil
        }
        for reply in replies.compactMap(\.self) {
            #expect(reply.status == 200)
            #expect(try reply.json()["status"] == "completed")
        }
        #expect(ContinuousClock.now - start < .seconds(20))
        try system.stop()
    }

    /// Restarts PostgreSQL so that another host can connect to it, and waits until the server and the worker are back.
    private func listen(_ system: RunningSystem, on address: String, for client: String) throws {
        try system.sql("ALTER SYSTEM SET listen_addresses = '\(address)'")
        let file = try #require(fopen(system.data + "/postgres/pg_hba.conf", "a"))
        fputs("host millrace millrace \(client)/32 trust\n", file)
        fclose(file)
        kill(try system.child("postgres").pid, SIGKILL)
        try eventually("PostgreSQL listens on the network") {
            (try? system.sql("SELECT setting FROM pg_settings WHERE name = 'listen_addresses'")) == address
        }
        try eventually("the worker is registered again") { try system.sql("SELECT count(*) FROM worker") == "1" }
    }
}
