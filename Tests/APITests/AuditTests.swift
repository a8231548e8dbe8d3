import TestSupport
import Testing

extension ServerTests {
    /// The lines that administrative calls write to the log.
    @Suite struct Audit {
        @Test func `each administrative call is one line with who, what and the outcome, but not the token`() throws {
            let log = LogRecorder()
            let node = try TestNode(logger: log.logger)
            let client = try node.client()
            func post(_ target: String, _ body: String = "", token: String = "secret") throws -> Int {
                try client.call(
                    "POST", target, Array(body.utf8),
                    headers: [
                        "Authorization": "Bearer \(token)", "Content-Type": "application/json", "X-Request-Id": "r",
                    ], variables: ["REMOTE_ADDR": "192.0.2.1"]
                ).status
            }
            #expect(try post("/types/md5/pause") == 200)
            #expect(try post("/types/md5/resume") == 200)
            #expect(try post("/types/md5/limit", #"{"concurrency":2}"#) == 200)
            #expect(try post("/types/md5/limit", #"{"concurrency":null}"#) == 200)
            #expect(try post("/cache/clear") == 200)
            #expect(try post("/cache/clear", token: "guess") == 401)
            #expect(try post("/types/typed-by-a-client/pause", token: "guess") == 401)
            let call = "Administrative call act="
            #expect(
                log.texts.filter { $0.hasPrefix("Administrative call") } == [
                    call + "pause a type by=admin token client=192.0.2.1 request.id=r status=200 task.type=md5",
                    call + "resume a type by=admin token client=192.0.2.1 request.id=r status=200 task.type=md5",
                    call + "limit a type by=admin token client=192.0.2.1 concurrency=2 request.id=r status=200 "
                        + "task.type=md5",
                    call + "limit a type by=admin token client=192.0.2.1 concurrency=no limit request.id=r status=200 "
                        + "task.type=md5",
                    call + "clear the cache by=admin token client=192.0.2.1 request.id=r status=200",
                    "Administrative call refused act=clear_cache client=192.0.2.1 status=401",
                    "Administrative call refused act=pause_type client=192.0.2.1 status=401",
                ])
            #expect(!log.texts.contains { $0.contains("secret") || $0.contains("guess") || $0.contains("typed-by") })
        }
    }
}
