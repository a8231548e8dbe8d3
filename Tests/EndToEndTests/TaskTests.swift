import Client
import JSON
import TestSupport
import Testing

/// A client's task goes through the balancer and a node to a worker, and the result comes back to the client.
struct TaskTests {
    let system = RunningSystem.shared

    @Test(arguments: [
        // RFC 1321, A.5; FIPS 180-2, B.1
        ("md5", "abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("sha256", "grüße 🌊", "506b8aa46658890fbac8fbce9fcb1101c85c61909aaf47c0d8c8a1922c363d0d"),
    ])
    func `a hash is computed, and the second request gets it from the cache`(
        type: String, string: String, digest: String
    ) throws {
        let connection = try system.get().connection()
        let input: JSONValue = ["string": .string(string)]
        let first = try connection.request(
            "POST", "/hash/\(type)", headers: [("Prefer", "wait=30")], json: input)
        #expect(first.status == 200)
        let hash = try first.json()["result"]?["hash"]?.stringValue
        #expect(hash == digest)
        #expect(try first.json()["result"]?["algorithm"] == .string(type))
        let second = try connection.request("POST", "/hash/\(type)", json: input)
        #expect(second.status == 200)
        #expect(try second.json()["source"] == "cache")
        #expect(try second.json()["result"] == first.json()["result"])
    }

    @Test func `without wait a hash is accepted, and its result can be read later`() throws {
        let connection = try system.get().connection()
        let reply = try connection.request("POST", "/hash/sha256", json: ["string": "later, please"])
        #expect(reply.status == 202)
        let body = try reply.json()
        #expect(body["status"] == "queued")
        #expect(body["message"] == "SHA256 calculation queued")
        let id = try #require(body["task_id"]?.stringValue)
        #expect(reply.header("Location") == "/task/\(id)")
        let task = try connection.finished(id)
        #expect(task["status"] == "completed")
        #expect(task["type"] == "sha256")
        #expect(task["attempts"] == 1)
    }

    @Test
    func `argon2 gives libargon2's hash for a given salt, and a different hash for each random salt`()
        throws
    {
        let connection = try system.get().connection()
        // libargon2's test.c: argon2id, t=2, m=2^8, p=1, "password", "somesalt"
        let fixed: JSONValue = [
            "string": "password", "salt": "c29tZXNhbHQ=", "time_cost": 2, "memory_cost": 256,
            "parallelism": 1,
        ]
        let known = try connection.request(
            "POST", "/hash/argon2", headers: [("Prefer", "wait=30")], json: fixed)
        #expect(
            try known.json()["result"]?["hash"]?.stringValue
                == "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
        let random: JSONValue = ["string": "password", "time_cost": 1, "memory_cost": 1024]
        let hashes = try (0..<2).map { _ in
            try connection.request("POST", "/hash/argon2", headers: [("Prefer", "wait=30")], json: random)
                .json()["result"]?["hash"]?.stringValue
        }
        #expect(hashes[0] != nil && hashes[0] != hashes[1])
    }

    @Test func `primes is submitted and read like a hash`() throws {
        let connection = try system.get().connection()
        let task = try connection.finished(try connection.submit("primes", ["below": 1000]))
        #expect(task["result"]?["count"] == 168)
    }

    @Test func `a waiting client is answered when the result is there, before its wait ends`()
        throws
    {
        let connection = try system.get().connection()
        let start = ContinuousClock.now
        let reply = try connection.request(
            "POST", "/hash/sha256?wait=50", json: ["string": "quickly, please"])
        #expect(reply.status == 200)
        #expect(reply.header("Preference-Applied") == "wait=50")
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test func `health, statistics, OpenAPI and metrics answer`() throws {
        let connection = try system.get().connection()
        let health = try connection.request("GET", "/health").json()
        #expect(health["status"] == "healthy")
        #expect(health["database"] == "up")
        #expect(try connection.request("GET", "/lb/health").json()["backends_up"] == 2)
        #expect(try connection.request("GET", "/cache/stats").json()["hits"]?.integerValue != nil)
        #expect(
            try connection.request("GET", "/openapi.json").json()["openapi"]?.stringValue?.hasPrefix(
                "3.1") == true)
        #expect(try connection.request("GET", "/metrics").text.contains("millrace_"))
    }
}
