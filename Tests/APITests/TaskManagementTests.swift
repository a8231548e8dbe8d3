import Glibc
import JSON
import Queue
import TestSupport
import Testing

@testable import API

extension ServerTests {
    /// Cancelling, listing and retrying tasks, and the settings of task types.
    @Suite struct TaskManagementTests {
        @Test func `a queued task can be cancelled, a finished one cannot`() throws {
            let node = try TestNode()
            let client = try node.client()
            let id = try #require(
                try client.call("POST", "/hash/md5", json: #"{"string":"x"}"#).json()["task_id"]?.stringValue)
            let cancelled = try client.call("DELETE", "/task/\(id)")
            #expect(cancelled.status == 200)
            #expect(try cancelled.json()["status"] == "cancelled")
            #expect(try client.call("DELETE", "/task/\(id)").status == 409)
            #expect(try client.call("GET", "/task/\(id)").json()["status"] == "cancelled")
        }

        @Test func `all hashes are streamed, and each page links to the next one`() throws {
            let node = try TestNode()
            let client = try node.client()
            let list = (0..<2500).map { #"{"type":"\#($0 % 5 == 0 ? "sha256" : "md5")","input":{"string":"\#($0)"}}"# }
            let sent = try client.call("POST", "/tasks", json: "[\(list.joined(separator: ","))]").json()["tasks"]?
                .arrayValue
            let worker = node.worker()
            try eventually("all computed") { try node.taskCount() == "0" }
            let all = try #require(try client.call("GET", "/hashes").json().arrayValue)
            #expect(all.compactMap { $0["task_id"] } == sent?.reversed().compactMap { $0["task_id"] })
            #expect(all[0]["result"]?["algorithm"] == all[0]["type"])
            var target = "/hashes?type=sha256&limit=200"
            var pages: [Int] = []
            while true {
                let page = try client.call("GET", target)
                let rows = try #require(try page.json().arrayValue)
                #expect(rows.allSatisfy { $0["type"] == "sha256" })
                pages.append(rows.count)
                guard let link = page.headers["link"] else { break }
                #expect(link.hasSuffix(#">; rel="next""#))
                target = String(link.dropFirst().prefix { $0 != ">" })
            }
            #expect(pages == [200, 200, 100])
            #expect(try client.call("HEAD", "/hashes").body.isEmpty)
            withExtendedLifetime(worker) {}
        }

        @Test func `an Idempotency-Key repeats the response, and is refused for a different request or if malformed`()
            throws
        {
            let node = try TestNode()
            let client = try node.client()
            func post(_ target: String, _ body: String, _ key: String) throws -> FastCGIClient.Reply {
                try client.call("POST", target, json: body, headers: ["Idempotency-Key": key])
            }
            let body = #"{"string":"x","time_cost":1,"memory_cost":1024}"#
            let first = try post("/hash/argon2", body, "\"key 1\"")
            #expect(first.status == 202)
            let again = try post("/hash/argon2", body, "\"key 1\"")
            #expect(again.text == first.text && again.headers["location"] == first.headers["location"])
            for (target, body) in [("/hash/argon2", #"{"string":"y"}"#), ("/hash/md5", #"{"string":"x"}"#)] {
                let refused = try post(target, body, "\"key 1\"")
                #expect(refused.status == 422)
                #expect(try refused.json()["member"] == "Idempotency-Key")
            }
            #expect(try post("/hash/argon2", body, "key-2").text != first.text)
            for malformed in ["two words", "\"open", "\"a\"b", String(repeating: "x", count: 256)] {
                #expect(try post("/hash/argon2", body, malformed).status == 400, "\(malformed)")
            }
            let list = #"[{"type":"md5","input":{"string":"a"}},{"type":"md5","input":{"string":"b"}}]"#
            let tasks = try post("/tasks", list, "key-3")
            #expect(try post("/tasks", list, "key-3").text == tasks.text)
            let worker = node.worker()
            let result = try post("/hash/argon2?wait=20", body, "\"key 1\"")
            #expect(result.status == 200)
            #expect(try result.json()["task_id"] == first.json()["task_id"])
            withExtendedLifetime(worker) {}
        }

        @Test func `a request that the balancer repeats creates its tasks once`() throws {
            let node = try TestNode()
            let client = try node.client()
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            let name = "\(now.tv_sec).123-0123456789abcdef0123456789abcdef"
            let body = Array(#"{"string":"x","time_cost":1,"memory_cost":1024}"#.utf8)
            func post(_ name: String) throws -> FastCGIClient.Reply {
                try client.call(
                    "POST", "/hash/argon2", body, headers: ["Content-Type": "application/json"],
                    variables: ["MILLRACE_REQUEST_KEY": name])
            }
            let first = try post(name)
            #expect(first.status == 202)
            #expect(try post(name).text == first.text)
            #expect(try node.taskCount() == "1")
            // An invalid request key is ignored.
            for _ in 0..<2 { #expect(try post("-").status == 202) }
            #expect(try node.taskCount() == "3")
        }

        @Test func `a cancelled task is listed and can be retried`() throws {
            let node = try TestNode()
            let client = try node.client()
            let id = try #require(
                try client.call("POST", "/hash/md5", json: #"{"string":"x"}"#).json()["task_id"]?.stringValue)
            #expect(try client.call("DELETE", "/task/\(id)").json()["shared_with"] == 0)
            let page = try client.call("GET", "/tasks?status=cancelled&type=md5")
            #expect(try page.json().arrayValue?.compactMap { $0["id"]?.stringValue } == [id])
            #expect(page.headers["link"] == nil)
            #expect(try client.call("GET", "/tasks?status=failed").text == "[]")
            let needed = try client.call("POST", "/task/\(id)/retry")
            #expect(needed.status == 422)
            #expect(try needed.json()["member"] == "input")
            let wrong = try client.call("POST", "/task/\(id)/retry", json: #"{"input":{"string":7}}"#)
            #expect(wrong.status == 422)
            #expect(try wrong.json()["member"] == "input.string")
            let other = try client.call("POST", "/task/\(id)/retry", json: #"{"input":{"string":"y"}}"#)
            #expect(other.status == 422)
            #expect(try other.json()["detail"] == "input must be the input that the task was submitted with.")
            let queued = try client.call("POST", "/task/\(id)/retry", json: #"{"input":{"string":"x"}}"#)
            #expect(queued.status == 202)
            #expect(try queued.json()["status"] == "queued")
            let worker = node.worker()
            let done = try client.call("GET", "/task/\(id)?wait=20").json()
            #expect(done["result"]?["hash"] == "9dd4e461268c8034f5c8564e155c67a6")
            #expect(try client.call("POST", "/task/\(id)/retry").status == 409)
            #expect(try client.call("POST", "/task/01980000-0000-7000-8000-000000000000/retry").status == 404)
            for target in ["/tasks?status=done", "/tasks?type=x", "/tasks?limit=0", "/tasks?after=1"] {
                #expect(try client.call("GET", target).status == 422)
            }
            withExtendedLifetime(worker) {}
        }

        @Test func `an administrator pauses, limits and resumes a type`() throws {
            let node = try TestNode(adminToken: "secret")
            let client = try node.client()
            func post(_ target: String, _ body: String = "") throws -> FastCGIClient.Reply {
                try client.call(
                    "POST", target, Array(body.utf8),
                    headers: ["Authorization": "Bearer secret", "Content-Type": "application/json"])
            }
            #expect(try client.call("POST", "/types/md5/pause").status == 401)
            #expect(try post("/types/md5/pause").json()["paused"] == true)
            #expect(try post("/types/md5/limit", #"{"concurrency":2}"#).json()["concurrency"] == 2)
            let id = try #require(
                try client.call("POST", "/hash/md5", json: #"{"string":"x"}"#).json()["task_id"]?.stringValue)
            let worker = node.worker()
            #expect(try client.call("GET", "/task/\(id)?wait=1").json()["status"] == "queued")
            #expect(try client.call("GET", "/types").json()[0]?["queued"] == 1)
            #expect(try post("/types/md5/resume").json()["paused"] == false)
            #expect(try client.call("GET", "/task/\(id)?wait=20").json()["status"] == "completed")
            #expect(try post("/types/md5/limit", #"{"concurrency":null}"#).json()["concurrency"]?.isNull == true)
            for body in [#"{"concurrency":0}"#, "{}", "[]", #"{"concurrency":1,"x":1}"#] {
                #expect(try post("/types/md5/limit", body).status == 422)
            }
            #expect(try post("/types/sha1/pause").status == 404)
            withExtendedLifetime(worker) {}
        }
    }
}
