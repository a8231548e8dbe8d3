import Glibc
import JSON
import Postgres
import Queue
import TestSupport
import Testing
import Threading

@testable import API

extension ServerTests {
    @Suite struct NodeTests {
        @Test func `a hash is queued, computed, found by its id and served from the cache`() throws {
            let node = try TestNode()
            let client = try node.client()
            let queued = try client.call("POST", "/hash/sha256", json: #"{"string":"abc"}"#)
            #expect(queued.status == 202)
            let id = try #require(try queued.json()["task_id"]?.stringValue)
            #expect(queued.headers["location"] == "/task/\(id)")
            #expect(queued.text == #"{"task_id":"\#(id)","status":"queued","message":"SHA256 calculation queued"}"#)
            let pending = try client.call("GET", "/task/\(id)")
            #expect(pending.status == 200)
            let createdAt = try #require(try pending.json()["created_at"]?.stringValue)
            let unknown = #""result":null,"error":null,"attempts":0,"created_at":"\#(createdAt)""#
            #expect(
                pending.text
                    == #"{"id":"\#(id)","type":"sha256","status":"queued",\#(unknown),"started_at":null,"completed_at":null}"#
            )

            let worker = node.worker()
            let done = try client.call("GET", "/task/\(id)", headers: ["Prefer": "wait=20"])
            #expect(done.headers["preference-applied"] == "wait=20")
            let task = try done.json()
            #expect(task["status"] == "completed")
            #expect(task["attempts"] == 1)
            let digest: JSONValue = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            #expect(task["result"]?["hash"] == digest)

            let cached = try client.call("POST", "/hash/sha256", json: #"{"string":"abc"}"#)
            #expect(cached.status == 200)
            #expect(cached.text.hasPrefix(#"{"task_id":"\#(id)","result":{"#))
            #expect(cached.text.hasSuffix(#","source":"cache"}"#))
            let statistics = try client.call("GET", "/cache/stats").json()
            #expect(statistics["hits"] == 1)
            #expect(statistics["entries"] == 1)
            #expect(
                try client.call("POST", "/cache/clear", headers: ["Authorization": "Bearer secret"]).text
                    == #"{"message":"Cache cleared successfully","cleared":1}"#
            )
            withExtendedLifetime(worker) {}
        }

        @Test(arguments: ["/hash/md5?wait=20", "/hash/md5"])
        func `a client can wait for its result`(_ target: String) throws {
            let node = try TestNode()
            let worker = node.worker()
            let reply = try node.client().call(
                "POST", target, json: #"{"string":"abc"}"#, headers: target.contains("?") ? [:] : ["Prefer": "wait=20"])
            #expect(reply.status == 200)
            #expect(reply.headers["preference-applied"] == "wait=20")
            let body = try reply.json()
            #expect(body["status"] == "completed")
            #expect(body["result"]?["hash"] == "900150983cd24fb0d6963f7d28e17f72")
            #expect(reply.text.hasSuffix(#","source":"computed"}"#))
            withExtendedLifetime(worker) {}
        }

        @Test func `a client whose wait times out gets the queued task`() throws {
            let node = try TestNode()
            let start = ContinuousClock.now
            let reply = try node.client().call("POST", "/hash/md5?wait=1", json: #"{"string":"x"}"#)
            #expect(reply.status == 202)
            #expect(reply.headers["preference-applied"] == nil)
            #expect(ContinuousClock.now - start >= .seconds(1))
        }

        @Test func `many tasks are accepted in one request, in their order`() throws {
            let node = try TestNode()
            let client = try node.client()
            let list = (0..<1000).map { #"{"type":"primes","input":{"below":\#($0)}}"# }.joined(separator: ",")
            let reply = try client.call("POST", "/tasks", json: "[\(list)]")
            #expect(reply.status == 202)
            let tasks = try #require(try reply.json()["tasks"]?.arrayValue)
            #expect(tasks.count == 1000)
            #expect(tasks.allSatisfy { $0["status"] == "queued" })
            let worker = node.worker()
            let last = try #require(tasks[999]["task_id"]?.stringValue)
            let task = try client.call("GET", "/task/\(last)?wait=20").json()
            #expect(task["result"]?["below"] == 999)
            #expect(task["result"]?["count"] == 168)
            withExtendedLifetime(worker) {}
        }

        @Test func `one invalid task of many leaves the queue unchanged`() throws {
            let node = try TestNode()
            let reply = try node.client().call(
                "POST", "/tasks", json: #"[{"type":"md5","input":{"string":"a"}},{"type":"md5","input":{"string":1}}]"#)
            #expect(reply.status == 422)
            let problem = try reply.json()
            #expect(problem["index"] == 1)
            #expect(problem["member"] == "input.string")
            #expect(try node.taskCount() == "0")
        }

        @Test(arguments: [
            ("POST", "/hash/md5", "application/json", "{", 400), ("POST", "/hash/md5", "application/json", "", 400),
            ("POST", "/hash/md5", "application/json", #"{"string":"a",}"#, 400),
            ("POST", "/hash/md5", "application/json", "[]", 422), ("POST", "/hash/md5", "application/json", "{}", 422),
            ("POST", "/hash/md5", "application/json", #"{"string":7}"#, 422),
            ("POST", "/hash/md5", "application/json", #"{"string":"a","more":1}"#, 422),
            ("POST", "/hash/argon2", "application/json", #"{"string":"a","time_cost":0}"#, 422),
            ("POST", "/hash/md5?wait=x", "application/json", #"{"string":"a"}"#, 422),
            ("POST", "/hash/md5", "text/plain", #"{"string":"a"}"#, 415),
            ("POST", "/hash/md5", "", #"{"string":"a"}"#, 415),
            ("POST", "/tasks", "application/x-www-form-urlencoded", "{}", 415),
            ("POST", "/hash/sha1", "application/json", #"{"string":"a"}"#, 404),
            ("GET", "/hash/md5", "application/json", "", 405), ("DELETE", "/tasks", "application/json", "", 405),
            ("GET", "/task/7", "application/json", "", 400),
            ("GET", "/task/01980000-0000-7000-8000-000000000000", "application/json", "", 404),
            ("DELETE", "/task/01980000-0000-7000-8000-000000000000", "application/json", "", 404),
            ("GET", "/task/3b241101-e2bb-4255-8caf-4136c566a962", "application/json", "", 404),
            ("GET", "/hashes?limit=0", "", "", 422), ("GET", "/hashes?type=primes", "", "", 422),
            ("GET", "/hashes?after=x", "", "", 422),
        ])
        func `invalid input has its status and a problem document`(
            _ method: String, _ target: String, _ type: String, _ body: String, _ status: Int
        ) throws {
            let reply = try Self.shared.client().call(method, target, Array(body.utf8), headers: ["Content-Type": type])
            #expect(reply.status == status, "\(reply.text)")
            #expect(reply.headers["content-type"] == "application/problem+json")
            let problem = try reply.json()
            #expect(problem["status"] == .integer(Int64(status)))
            #expect(problem["request_id"]?.stringValue == reply.headers["x-request-id"])
            #expect(problem["title"]?.stringValue?.isEmpty == false)
            if status == 422 { #expect(problem["member"]?.stringValue?.isEmpty == false) }
            if status == 405 { #expect(reply.headers["allow"]?.isEmpty == false) }
            #expect(try Self.shared.taskCount() == "0")
        }

        private static let shared = try! TestNode()

        @Test func `a string over 1 MiB is too large`() throws {
            let text = String(repeating: "x", count: 1 << 20)
            #expect(try Self.shared.client().call("POST", "/hash/md5", json: #"{"string":"\#(text)x"}"#).status == 413)
            #expect(try Self.shared.taskCount() == "0")
        }

        @Test func `a full queue says when to try again`() throws {
            let node = try TestNode(queueLimit: 2)
            let client = try node.client()
            for text in ["a", "b"] {
                #expect(try client.call("POST", "/hash/md5", json: #"{"string":"\#(text)"}"#).status == 202)
            }
            let reply = try client.call("POST", "/hash/md5", json: #"{"string":"c"}"#)
            #expect(reply.status == 503)
            #expect(reply.headers["retry-after"].flatMap { Int($0) } != nil)
            #expect(try node.taskCount() == "2")
        }

        @Test func `a node reports its health at once while other requests wait for slow lists`() throws {
            let node = try TestNode(threads: 4)
            let holder = try PostgresConnection(
                PostgresConfiguration(connectionString: node.database.connectionString))
            try holder.execute(text: "BEGIN; LOCK TABLE finished_task")
            let slow = NamedThread("test-lists") {
                _ = try? inParallel(8) { _ in try node.client().call("GET", "/tasks").status }
            }
            try eventually("lists wait") {
                try node.database.sql(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
                )
                    == "2"
            }
            let start = ContinuousClock.now
            #expect(try node.client().call("GET", "/health").status == 200)
            #expect(ContinuousClock.now - start < .seconds(1))
            try holder.execute(text: "ROLLBACK")
            slow.join()
        }

        @Test func `administrative calls need the token, and are refused if none is configured`() throws {
            let node = try TestNode(adminToken: "secret")
            let client = try node.client()
            let refused = try client.call("POST", "/cache/clear")
            #expect(refused.status == 401)
            #expect(refused.headers["www-authenticate"] == "Bearer")
            let taken = try client.call("POST", "/cache/clear", headers: ["Authorization": "Bearer secret"])
            #expect(taken.status == 200)
            // Behind a proxy on the same machine, every client has the address 127.0.0.1, and can send any Host. So
            // neither of them shows that the client is an administrator.
            let open = try TestNode(adminToken: nil)
            let stranger = try open.client()
            for host in ["localhost", "127.0.0.1:8000", "evil.example"] {
                let call = try stranger.call(
                    "POST", "/cache/clear", headers: ["Host": host, "Authorization": "Bearer secret"],
                    variables: ["REMOTE_ADDR": "127.0.0.1"])
                #expect(call.status == 403)
                #expect(call.text.contains("Set MILLRACE_ADMIN_TOKEN"))
            }
            withExtendedLifetime(open) {}
        }

        @Test func `health, metrics and the OpenAPI document are served`() throws {
            let client = try Self.shared.client()
            #expect(
                try client.call("GET", "/health").text
                    == #"{"status":"healthy","service":"api","node":"api-1","database":"up"}"#)
            #expect(try client.call("GET", "/metrics").status == 200)
            #expect(try client.call("GET", "/openapi.json").json()["openapi"] == "3.1.0")
        }

        @Test func `without the database a node reports it, and works again when the database is back`() throws {
            let cluster = TestCluster()
            let node = try TestNode(on: cluster)
            let client = try node.client()
            #expect(try client.call("POST", "/hash/md5", json: #"{"string":"x"}"#).status == 202)
            cluster.stop(SIGQUIT)
            let health = try client.call("GET", "/health")
            #expect(health.status == 503)
            #expect(
                health.text == #"{"status":"unhealthy","service":"api","node":"api-1","database":"down"}"#)
            for (method, target, body) in [
                ("POST", "/hash/md5", #"{"string":"y"}"#), ("GET", "/cache/stats", ""), ("GET", "/hashes", ""),
                ("GET", "/task/01980000-0000-7000-8000-000000000000", ""),
            ] {
                let reply = try client.call(method, target, json: body)
                #expect(reply.status == 503, "\(target)")
                #expect(reply.headers["retry-after"] != nil)
            }
            cluster.start()
            try eventually("the node works again") {
                try client.call("POST", "/hash/md5", json: #"{"string":"x"}"#).status == 202
            }
            #expect(try client.call("GET", "/health").status == 200)
        }

        @Test func `a schema that does not fit is named, with what to do`() throws {
            let node = try TestNode()
            let client = try node.client()
            let start = #"{"status":"healthy","service":"api","node":"api-1","database":"up""#
            #expect(try client.call("GET", "/health").text == start + "}")
            try node.database.sql("INSERT INTO schema_migration (version, name, digest) VALUES (999, 'future', '')")
            let newer = try client.call("GET", "/health")
            #expect(
                newer.status == 200 && newer.text.hasPrefix(start + #","schema":"the schema of the database is newer"#))
            // A node of an older version keeps working after a newer program has migrated the database.
            #expect(try client.call("POST", "/hash/md5", json: #"{"string":"x"}"#).status == 202)
            try node.database.sql("DELETE FROM schema_migration WHERE version > 5")
            let older = try client.call("GET", "/health")
            #expect(older.status == 503 && older.headers["retry-after"] != nil)
            #expect(try older.json()["database"] == "up")
            #expect(try older.json()["schema"]?.stringValue?.contains("(version 5 instead of ") == true)

            try node.database.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION millrace")
            let missing = try client.call("GET", "/health")
            #expect(missing.status == 503)
            #expect(
                try missing.json()["schema"] == "the database has no schema of Millrace: run millrace migrate")
            for (method, target, body) in [
                ("POST", "/hash/md5", #"{"string":"y"}"#), ("GET", "/cache/stats", ""), ("GET", "/hashes", ""),
                ("GET", "/task/01980000-0000-7000-8000-000000000000", ""),
            ] {
                try eventually("\(target) says so") {
                    let reply = try client.call(method, target, json: body)
                    #expect(reply.status == 503 && reply.headers["retry-after"] != nil)
                    return reply.text.contains("run millrace migrate")
                }
            }
        }

        @Test func `2,000 clients wait with two threads, and all get their results`() throws {
            let node = try TestNode(threads: 2)
            let clients = try (0..<2000).map { _ in try node.client() }
            for (number, client) in clients.enumerated() {
                try client.send(
                    "POST", "/hash/md5?wait=60", Array(#"{"string":"\#(number)"}"#.utf8),
                    headers: ["Content-Type": "application/json"])
            }
            try eventually("all queued") { try node.taskCount() == "2000" }
            #expect(try node.client().call("GET", "/health").status == 200)
            let worker = node.worker()
            for client in clients { #expect(try client.reply().json()["status"] == "completed") }
            withExtendedLifetime(worker) {}
        }

        @Test func `a node that stops answers waiting clients with the state of their tasks`() throws {
            let node = try TestNode()
            let clients = try (0..<20).map { _ in try node.client() }
            for (number, client) in clients.enumerated() {
                try client.send(
                    "POST", "/hash/md5?wait=60", Array(#"{"string":"\#(number)"}"#.utf8),
                    headers: ["Content-Type": "application/json"])
            }
            try eventually("all queued") { try node.taskCount() == "20" }
            let start = ContinuousClock.now
            node.stop()
            #expect(ContinuousClock.now - start < .seconds(8))
            for client in clients { #expect(try client.reply().status == 202) }
        }
    }
}
