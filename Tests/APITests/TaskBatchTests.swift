import Queue
import Tasks
import Testing

@testable import API

@Suite struct TaskBatchTests {
    func parse(_ text: String) throws -> TaskBatch { try TaskBatch.parse(Array(text.utf8), types: .builtIn) }

    @Test func `one object is a batch of one task, with the defaults filled in`() throws {
        let batch = try parse(#"{"type":"sha256","input":{"string":"x"}}"#)
        let submission = try #require(batch.submissions.first)
        #expect(batch.submissions.count == 1)
        #expect(submission.task.type == "sha256")
        #expect(submission.priority == 0)
        #expect(submission.maxAttempts == 5)
        #expect(submission.runAt == nil)
    }

    @Test func `an array keeps its order`() throws {
        let batch = try parse(
            #"[{"type":"md5","input":{"string":"a"},"priority":-5,"max_attempts":1,"run_at":"2030-01-01T00:00:00Z"},"#
                + #"{"type":"primes","input":{"below":10},"run_at":null}]"#)
        #expect(batch.submissions.map(\.task.type) == ["md5", "primes"])
        #expect(batch.submissions[0].priority == -5)
        #expect(batch.submissions[0].runAt == Timestamp("2030-01-01T00:00:00Z"))
        #expect(batch.submissions[0].id < batch.submissions[1].id)
    }

    @Test(
        arguments: [
            (#"{"#, 400, nil), (#"[{"type":"md5"},]"#, 400, nil), ("", 400, nil), ("[]", 422, "body"),
            ("3", 422, "task"),
            (#"[3]"#, 422, "task"), (#"{"input":{}}"#, 422, "type"), (#"{"type":7,"input":{}}"#, 422, "type"),
            (#"{"type":"sha512","input":{}}"#, 422, "type"), (#"{"type":"md5"}"#, 422, "input"),
            (#"{"type":"md5","input":"x"}"#, 422, "input"), (#"{"type":"md5","input":{}}"#, 422, "input.string"),
            (#"{"type":"md5","input":{"string":1}}"#, 422, "input.string"),
            (#"{"type":"md5","input":{"string":"x"},"more":1}"#, 422, "more"),
            (#"{"type":"md5","input":{"string":"x"},"priority":40000}"#, 422, "priority"),
            (#"{"type":"md5","input":{"string":"x"},"priority":"1"}"#, 422, "priority"),
            (#"{"type":"md5","input":{"string":"x"},"max_attempts":0}"#, 422, "max_attempts"),
            (#"{"type":"md5","input":{"string":"x"},"run_at":"tomorrow"}"#, 422, "run_at"),
        ] as [(String, Int, String?)])
    func `an invalid batch is refused with the member's name`(_ text: String, _ status: Int, _ member: String?) {
        let problem = #expect(throws: Problem.self) { try parse(text) }
        #expect(problem?.status == status)
        #expect(problem?.member == member)
    }

    @Test func `the error for an invalid task of an array has its index`() {
        let good = #"{"type":"md5","input":{"string":"x"}}"#
        let problem = #expect(throws: Problem.self) {
            try parse(#"[\#(good),\#(good),{"type":"md5","input":{"str":"x"}}]"#)
        }
        #expect(problem?.index == 2)
        #expect(problem?.detail.hasPrefix("[2].input.str ") == true)
    }

    @Test func `a text over 1 MiB is too large`() {
        let problem = #expect(throws: Problem.self) {
            try parse(#"[{"type":"md5","input":{"string":"\#(String(repeating: "x", count: 1 << 20 + 1))"}}]"#)
        }
        #expect(problem?.status == 413)
    }

    @Test func `10,000 tasks are accepted, and one more is not`() throws {
        let one = #"{"type":"md5","input":{"string":"x"}}"#
        let maximum = Array(repeating: one, count: 10_000).joined(separator: ",")
        #expect(try parse("[\(maximum)]").submissions.count == 10_000)
        let problem = #expect(throws: Problem.self) { try parse("[\(maximum),\(one)]") }
        #expect(problem?.status == 422)
    }
}
