import Client
import Glibc
import JSON
import Supervisor
import TestSupport
import Testing

/// `kill -9`, of everything in turn.
@Suite(.serialized)
struct CrashTests {
    @Test func `tasks of a killed worker run elsewhere within a second, and all complete`() throws {
        let system = try WholeSystem(
            nodes: 1, workers: 2, environment: ["MILLRACE_WORKER_CONCURRENCY": "2"])
        let connection = system.connection()
        // About half a second each: some are under way at any time.
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
        // One of the two ids vanishes from the tasks: what it had is the survivor's, or queued.
        try eventually("the dead worker's tasks are given away (\(held))", within: .seconds(5)) {
            let owners = try system.sql("SELECT DISTINCT worker_id FROM task WHERE worker_id IS NOT NULL")
                .split(separator: "\n").map(String.init)
            return !busy.allSatisfy(owners.contains)
        }
        #expect(ContinuousClock.now - killedAt < .seconds(1))
        try expectAllFinished(ids, system)
        try system.stop()
    }

    @Test func `a task whose worker is killed each time it runs ends as failed, and those claimed with it complete`()
        throws
    {
        let system = try WholeSystem(nodes: 1, workers: 1, environment: ["MILLRACE_WORKER_CONCURRENCY": "2"])
        // Some seconds each, so that none ends before the test has seen who holds it; the poison is claimed together with
        // at least one other.
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
            try eventually("recovered") {
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

    @Test func `nothing acknowledged is lost when a node and the balancer are killed under load`()
        throws
    {
        let system = try WholeSystem(nodes: 2, workers: 1)
        let accepted = Accepted()
        let load = BackgroundLoad(system, clients: 8, accepted)
        for victim in ["api", "balancer", "api", "balancer"] {
            let before = accepted.count
            try eventually("load goes on") { accepted.count > before + 200 }
            kill(try system.child(victim).pid, SIGKILL)
        }
        let before = accepted.count
        try eventually("load goes on after the last") { accepted.count > before + 200 }
        load.stop()
        #expect(system.children("api").count == 2)
        #expect(system.children("balancer").count == 1)
        try expectAllFinished(accepted.ids, system)
        try system.stop()
    }

    @Test func `a node that is told to stop under load answers what it has, and no request fails`() throws {
        let system = try WholeSystem(nodes: 2, workers: 1)
        let accepted = Accepted()
        let load = BackgroundLoad(system, clients: 8, accepted)
        for _ in 0..<4 {
            let before = accepted.count
            try eventually("load goes on") { accepted.count > before + 200 }
            let victim = try system.child("api")
            kill(victim.pid, SIGTERM)
            try eventually("it ends, at once") { !victim.isRunning }
            // The balancer passes it over for a second after its end.
            try eventually("it is started again, and used") {
                let health = try system.connection().request("GET", "/lb/health").json()
                return system.children("api").count == 2 && health["backends_up"] == 2
            }
        }
        load.stop()
        #expect(load.counts.keys.sorted() == [202], "\(load.counts)")
        try expectAllFinished(accepted.ids, system)
        try system.stop()
    }

    @Test func `a POST that a killed node had begun is taken over by another, without a second task`() throws {
        let system = try WholeSystem(nodes: 2, workers: 0)
        let accepted = Accepted()
        let load = BackgroundLoad(system, clients: 8, accepted, type: "argon2")
        for _ in 0..<4 {
            let before = accepted.count
            try eventually("load goes on") { accepted.count > before + 200 }
            kill(try system.child("api", Int.random(in: 0...1)).pid, SIGKILL)
            try eventually("both nodes are used") {
                let health = try system.connection().request("GET", "/lb/health").json()
                return system.children("api").count == 2 && health["backends_up"] == 2
            }
        }
        load.stop()
        #expect(Set(load.counts.keys) == [202], "\(load.counts)")
        // Argon2 with a random salt is never the same task: each request is one row.
        #expect(try system.sql("SELECT count(*) FROM task") == "\(accepted.count)")
        #expect(Set(accepted.ids).count == accepted.count)
        try system.stop()
    }

    @Test func `while PostgreSQL is down nodes say so, and all is back soon after it`() throws {
        let cluster = TestCluster(maxConnections: 100)
        let system = try WholeSystem(
            nodes: 2, workers: 1, arguments: ["--database", cluster.cluster.connectionString])
        let accepted = Accepted()
        let load = BackgroundLoad(system, clients: 4, accepted)
        try eventually("load") { accepted.count > 200 }
        cluster.stop(SIGKILL)
        let connection = system.connection(timeout: .seconds(30))
        for call in ["POST", "GET"] {
            let refused = try eventually("a refusal while it is down", within: .seconds(20)) { () -> ClientResponse? in
                let response =
                    call == "GET"
                    ? connection.attempt("GET", "/task/019a0000-0000-7000-8000-000000000000")
                    : connection.attempt("POST", "/hash/sha256", json: ["string": "while it is down"])
                return response.flatMap { $0.status == 503 ? $0 : nil }
            }
            #expect(refused.header("Retry-After") != nil)
            #expect(refused.header("Content-Type")?.hasPrefix("application/problem+json") == true)
        }
        let health = try connection.request("GET", "/health")
        #expect(health.status == 503)
        #expect(try health.json()["database"] == "down")
        cluster.start()
        let returned = ContinuousClock.now
        let before = accepted.count
        let unfinished = try cluster.sql("SELECT count(*) FROM task", database: PrivateCluster.database)
        try eventually("tasks are accepted again", within: .seconds(10)) { accepted.count > before + 20 }
        try eventually("and finished, those of before (\(unfinished)) first", within: .seconds(10)) {
            try cluster.sql(
                "SELECT count(*) FROM finished_task WHERE completed_at > now() - interval '1 second'",
                database: PrivateCluster.database) != "0"
        }
        #expect(ContinuousClock.now - returned < .seconds(5))
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

    @Test func `a PostgreSQL of its own that is killed is started again, and nothing is lost`() throws {
        let system = try WholeSystem(nodes: 1, workers: 1)
        let accepted = Accepted()
        let load = BackgroundLoad(system, clients: 4, accepted)
        try eventually("load") { accepted.count > 200 }
        let server = try system.child("postgres")
        kill(server.pid, SIGKILL)
        let before = accepted.count
        try eventually("tasks are accepted again", within: .seconds(20)) { accepted.count > before + 100 }
        load.stop()
        #expect(try system.child("postgres").pid != server.pid)
        try expectAllFinished(accepted.ids, system)
        try system.stop()
    }

    @Test func `killing up takes everything along, and the next start goes on`() throws {
        let system = try WholeSystem(nodes: 1, workers: 1)
        let connection = system.connection()
        let ids = try (0..<200).map {
            try connection.submit("sha256", ["string": .string("before \($0)")])
        }
        try system.stop(SIGKILL)
        let again = try WholeSystem(after: system)
        try expectAllFinished(ids, again)
        let fresh = try again.connection().submit("md5", ["string": "after"])
        try expectAllFinished([fresh], again)
        #expect(try again.stop() == .exited(code: 0))
    }
}
