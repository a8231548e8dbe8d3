import Client
import Glibc
import JSON
import Supervisor
import TestSupport
import Testing

/// `kill -9` of each part of a system.
@Suite(.serialized)
struct CrashTests {
    @Test func `tasks of a killed worker run on another worker within a second, and all complete`() throws {
        let system = try RunningSystem(
            nodes: 1, workers: 2, environment: ["MILLRACE_WORKER_CONCURRENCY": "2"])
        let connection = system.connection()
        // Each task takes about half a second, so that some are running at any time.
        let ids = try (0..<12).map { number in
            try connection.submit(
                "argon2", ["string": .string("crash \(number)"), "time_cost": 6, "memory_cost": 131_072])
        }
        let busy = try eventually("both workers have tasks") {
            let owners = try system.sql(
                "SELECT DISTINCT worker_id FROM task WHERE worker_id IS NOT NULL ORDER BY 1"
            )
            .split(separator: "\n")
            return owners.count == 2 ? owners.map(String.init) : nil
        }
        let victim = try system.child("worker")
        let held = try system.sql(
            "SELECT worker_id, count(*) FROM task WHERE worker_id IS NOT NULL GROUP BY 1")
        kill(victim.pid, SIGKILL)
        let killedAt = ContinuousClock.now
        // Wait until no task has the dead worker's id: its tasks are queued or belong to the other worker.
        try eventually("the dead worker's tasks are requeued (\(held))", within: .seconds(5)) {
            let owners = try system.sql("SELECT DISTINCT worker_id FROM task WHERE worker_id IS NOT NULL")
                .split(separator: "\n").map(String.init)
            return !busy.allSatisfy(owners.contains)
        }
        #expect(ContinuousClock.now - killedAt < .seconds(1))
        try expectAllFinished(ids, system)
        try system.stop()
    }

    @Test func `a task whose worker is killed at each attempt fails, and the tasks claimed with it complete`()
        throws
    {
        let system = try RunningSystem(nodes: 1, workers: 1, environment: ["MILLRACE_WORKER_CONCURRENCY": "2"])
        // Each task takes some seconds, so that the test finds the worker of a task before the task ends. The worker
        // claims the first task together with at least one other task.
        let input: JSONValue = ["string": "poison or not", "time_cost": 10, "memory_cost": 262_144]
        let reply = try system.connection().request(
            "POST", "/tasks",
            json: [
                ["type": "argon2", "input": input, "max_attempts": 2],
                ["type": "argon2", "input": input, "max_attempts": 1],
                ["type": "argon2", "input": input, "max_attempts": 1],
            ])
        let ids = try #require(try reply.json()["tasks"]?.arrayValue?.compactMap { $0["task_id"]?.stringValue })
        let poison = ids[0]
        var losses = 0
        while try system.sql("SELECT count(*) FROM finished_task WHERE id = '\(poison)'") == "0" {
            let holder = try system.sql("SELECT worker_id FROM task WHERE id = '\(poison)'")
            if holder.isEmpty { continue }
            kill(try system.child("worker").pid, SIGKILL)
            losses += 1
            try eventually("the task is requeued") {
                try system.sql("SELECT worker_id FROM task WHERE id = '\(poison)'") != holder
            }
        }
        try expectAllFinished(Array(ids.dropFirst()), system)
        let outcomes = try system.sql("SELECT outcome, attempts, error FROM finished_task ORDER BY outcome")
        #expect(losses == 3, "\(outcomes)")
        #expect(
            outcomes
                == """
                completed|1|
                completed|1|
                failed|2|the worker that ran it was lost, at attempt 2 of 2
                """)
        try system.stop()
    }

    @Test func `no acknowledged task is lost when nodes and the balancer are killed under load`()
        throws
    {
        let system = try RunningSystem(nodes: 2, workers: 1)
        let accepted = Accepted()
        let load = BackgroundLoad(system, clients: 8, accepted)
        for victim in ["api", "balancer", "api", "balancer"] {
            let before = accepted.count
            try eventually("tasks are accepted") { accepted.count > before + 200 }
            kill(try system.child(victim).pid, SIGKILL)
        }
        let before = accepted.count
        try eventually("tasks are accepted after the last kill") { accepted.count > before + 200 }
        load.stop()
        #expect(system.children("api").count == 2)
        #expect(system.children("balancer").count == 1)
        try expectAllFinished(accepted.ids, system)
        try system.stop()
    }

    @Test func `a node that is stopped under load answers its current requests, and no request fails`() throws {
        let system = try RunningSystem(nodes: 2, workers: 1)
        let accepted = Accepted()
        let load = BackgroundLoad(system, clients: 8, accepted)
        for _ in 0..<4 {
            let before = accepted.count
            try eventually("tasks are accepted") { accepted.count > before + 200 }
            let victim = try system.child("api")
            kill(victim.pid, SIGTERM)
            try eventually("the node has ended") { !victim.isRunning }
            // For a second after the end of the node, the balancer sends no request to it.
            try eventually("the node is started again and used") {
                let health = try system.connection().request("GET", "/lb/health").json()
                return system.children("api").count == 2 && health["backends_up"] == 2
            }
        }
        load.stop()
        #expect(load.counts.keys.sorted() == [202], "\(load.counts)")
        try expectAllFinished(accepted.ids, system)
        try system.stop()
    }

    @Test func `a POST that a killed node had started is repeated by another node, without a second task`() throws {
        let system = try RunningSystem(nodes: 2, workers: 0)
        let accepted = Accepted()
        let load = BackgroundLoad(system, clients: 8, accepted, type: "argon2")
        for _ in 0..<4 {
            let before = accepted.count
            try eventually("tasks are accepted") { accepted.count > before + 200 }
            kill(try system.child("api", Int.random(in: 0...1)).pid, SIGKILL)
            try eventually("both nodes are used") {
                let health = try system.connection().request("GET", "/lb/health").json()
                return system.children("api").count == 2 && health["backends_up"] == 2
            }
        }
        load.stop()
        #expect(Set(load.counts.keys) == [202], "\(load.counts)")
        // Argon2 tasks with a random salt are never merged: each request is one row.
        #expect(try system.sql("SELECT count(*) FROM task") == "\(accepted.count)")
        #expect(Set(accepted.ids).count == accepted.count)
        try system.stop()
    }

    @Test func `while PostgreSQL is down nodes answer 503, and tasks run again soon after its start`() throws {
        let cluster = TestCluster(maxConnections: 100)
        let system = try RunningSystem(
            nodes: 2, workers: 1, arguments: ["--database", cluster.cluster.connectionString])
        let accepted = Accepted()
        let load = BackgroundLoad(system, clients: 4, accepted)
        try eventually("tasks are accepted") { accepted.count > 200 }
        cluster.stop(SIGKILL)
        let connection = system.connection(timeout: .seconds(30))
        for call in ["POST", "GET"] {
            let refused = try eventually("a \(call) is refused with 503", within: .seconds(20)) {
                () -> ClientResponse? in
                let response =
                    call == "GET"
                    ? connection.attempt("GET", "/task/019a0000-0000-7000-8000-000000000000")
                    : connection.attempt("POST", "/hash/sha256", json: ["string": "during the outage"])
                return response.flatMap { $0.status == 503 ? $0 : nil }
            }
            #expect(refused.header("Retry-After") != nil)
            #expect(refused.header("Content-Type")?.hasPrefix("application/problem+json") == true)
        }
        let health = try connection.request("GET", "/health")
        #expect(health.status == 503)
        #expect(try health.json()["database"] == "down")
        cluster.start()
        let restartedAt = ContinuousClock.now
        let before = accepted.count
        let unfinished = try cluster.sql("SELECT count(*) FROM task", database: PrivateCluster.database)
        try eventually("tasks are accepted again", within: .seconds(10)) { accepted.count > before + 20 }
        try eventually("tasks are finished again, after the \(unfinished) that were unfinished", within: .seconds(10)) {
            try cluster.sql(
                "SELECT count(*) FROM finished_task WHERE completed_at > now() - interval '1 second'",
                database: PrivateCluster.database) != "0"
        }
        #expect(ContinuousClock.now - restartedAt < .seconds(5))
        load.stop()
        #expect(Set(load.counts.keys).isSubset(of: [0, 202, 200, 503]), "\(load.counts)")
        try eventually("all accepted tasks are finished") {
            try cluster.sql(
                "SELECT count(*) FROM unnest('{\(accepted.ids.joined(separator: ","))}'::uuid[]) AS accepted (id) "
                    + "JOIN finished_task USING (id) WHERE outcome = 'completed'", database: PrivateCluster.database)
                == "\(accepted.count)"
        }
        try system.stop()
    }

    @Test func `the PostgreSQL of millrace up is started again when it is killed, and no task is lost`() throws {
        let system = try RunningSystem(nodes: 1, workers: 1)
        let accepted = Accepted()
        let load = BackgroundLoad(system, clients: 4, accepted)
        try eventually("tasks are accepted") { accepted.count > 200 }
        let server = try system.child("postgres")
        kill(server.pid, SIGKILL)
        let before = accepted.count
        try eventually("tasks are accepted again", within: .seconds(20)) { accepted.count > before + 100 }
        load.stop()
        #expect(try system.child("postgres").pid != server.pid)
        try expectAllFinished(accepted.ids, system)
        try system.stop()
    }

    @Test func `killing millrace up ends all its processes, and the next start continues`() throws {
        let system = try RunningSystem(nodes: 1, workers: 1)
        let connection = system.connection()
        let ids = try (0..<200).map {
            try connection.submit("sha256", ["string": .string("before \($0)")])
        }
        try system.stop(SIGKILL)
        let again = try RunningSystem(after: system)
        try expectAllFinished(ids, again)
        let fresh = try again.connection().submit("md5", ["string": "after"])
        try expectAllFinished([fresh], again)
        #expect(try again.stop() == .exited(code: 0))
    }
}
