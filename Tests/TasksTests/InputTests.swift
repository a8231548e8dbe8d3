import JSON
import Testing

@testable import Tasks

@Suite struct `Inputs` {
    /// Prepares an input from bytes, from a JSON value and from a decoder, and checks that the three results agree.
    static func prepare(_ type: String, _ body: String) throws -> PreparedTask {
        struct Item: Decodable {
            var prepared: PreparedTask

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: AnyKey.self)
                let type = try container.decode(String.self, forKey: AnyKey("type"))
                let definition = try #require(TaskRegistry.builtIn.definition(named: type))
                prepared = try definition.prepare(from: container.superDecoder(forKey: AnyKey("input")))
            }
        }
        let definition = try #require(TaskRegistry.builtIn.definition(named: type))
        let ways = [
            Result { try definition.prepare(Array(body.utf8)) },
            Result { try definition.prepare(JSONValue(parsing: body.utf8)) },
            Result {
                try JSON.decode(Item.self, from: Array(#"{"type":"\#(type)","input":\#(body)}"#.utf8)).prepared
            },
        ]
        for way in ways.dropFirst() {
            switch (ways[0], way) {
            case (.success(let left), .success(let right)): #expect(left == right)
            case (.failure(let left), .failure(let right)): #expect("\(left)" == "\(right)")
            default: Issue.record("the results differ: \(ways)")
            }
        }
        return try ways[0].get()
    }

    @Test(arguments: [
        (#"{}"#, InvalidInput.invalid(member: "string", reason: "is required")),
        (#"{"string":1}"#, .invalid(member: "string", reason: "must be a string")),
        (#"{"string":null}"#, .invalid(member: "string", reason: "must be a string")),
        (#"{"string":["a"]}"#, .invalid(member: "string", reason: "must be a string")),
        (
            #"{"string":"x","strnig":"y"}"#,
            .invalid(
                member: "strnig",
                reason: "is unknown; the members are: string, time_cost, memory_cost, parallelism, salt")
        ),
        (
            #"{"string":"x","time_cost":0}"#,
            .invalid(member: "time_cost", reason: "must be an integer from 1 to 16")
        ),
        (
            #"{"string":"x","time_cost":17}"#,
            .invalid(member: "time_cost", reason: "must be an integer from 1 to 16")
        ),
        (
            #"{"string":"x","time_cost":1.5}"#,
            .invalid(member: "time_cost", reason: "must be an integer from 1 to 16")
        ),
        (
            #"{"string":"x","time_cost":"3"}"#,
            .invalid(member: "time_cost", reason: "must be an integer from 1 to 16")
        ),
        (
            #"{"string":"x","time_cost":true}"#,
            .invalid(member: "time_cost", reason: "must be an integer from 1 to 16")
        ),
        (
            #"{"string":"x","time_cost":1e300}"#,
            .invalid(member: "time_cost", reason: "must be an integer from 1 to 16")
        ),
        (
            #"{"string":"x","time_cost":null}"#,
            .invalid(member: "time_cost", reason: "must be an integer from 1 to 16")
        ),
        (
            #"{"string":"x","memory_cost":262145}"#,
            .invalid(member: "memory_cost", reason: "must be an integer from 8 to 262144")
        ),
        (#"{"string":"x","salt":5}"#, .invalid(member: "salt", reason: "must be 8 to 64 bytes in base64")),
        (#"[]"#, .notAnObject), (#""x""#, .notAnObject), (#"null"#, .notAnObject), (#"3"#, .notAnObject),
    ])
    func `each invalid member is named`(body: String, error: InvalidInput) throws {
        #expect(throws: error) { try Self.prepare("argon2", body) }
    }

    @Test(arguments: ["", "{", "{\"string\":\"x\"", "{\"string\":\"\\ud800\"}", "xyz"])
    func `text that is not JSON is malformed, not invalid`(body: String) throws {
        let md5 = try #require(TaskRegistry.builtIn.definition(named: "md5"))
        #expect(throws: InvalidInput.malformed) { try md5.prepare(Array(body.utf8)) }
    }

    @Test func `a text may have at most one mebibyte of UTF-8`() throws {
        let maximum = String(repeating: "é", count: 1 << 19)
        let task = try Self.prepare("sha256", "{\"string\":\"\(maximum)\"}")
        #expect(task.input.count == (1 << 20) + 13)
        #expect(throws: InvalidInput.tooLarge(member: "string", limit: 1 << 20)) {
            try Self.prepare("sha256", "{\"string\":\"\(maximum)x\"}")
        }
    }

    @Test func `equivalent inputs have the same canonical form`() throws {
        let one = try Self.prepare("argon2", #"{"string":"a\u002fb","salt":"c29tZXNhbHQ","time_cost":3.0}"#)
        let other = try Self.prepare("argon2", #" {"salt" : "c29tZXNhbHQ=", "parallelism":4, "string":"a/b"} "#)
        #expect(one == other)
        #expect(
            String(decoding: one.input, as: UTF8.self)
                == #"{"memory_cost":65536,"parallelism":4,"salt":"c29tZXNhbHQ=","string":"a/b","time_cost":3}"#)
    }

    @Test func `the canonical form is its own canonical form`() throws {
        for definition in TaskRegistry.builtIn.all {
            let prepared = try definition.prepare(definition.exampleInput)
            #expect(try definition.prepare(prepared.input) == prepared)
        }
    }

    @Test func `the error truncates a long name of an unknown member`() throws {
        let name = String(repeating: "n", count: 10_000)
        do {
            _ = try Self.prepare("md5", "{\"string\":\"\",\"\(name)\":1}")
            Issue.record("accepted")
        } catch let error as InvalidInput {
            #expect("\(error)".count < 250)
        }
    }

    @Test func `a worker that refuses the input fails the task without a retry`() throws {
        let md5 = try #require(TaskRegistry.builtIn.definition(named: "md5"))
        do {
            _ = try md5.run(Array(#"{"string":1}"#.utf8))
            Issue.record("it ran")
        } catch {
            #expect(!error.isRetryable)
            #expect(error.message == "this worker does not accept the input: string must be a string")
        }
    }
}
