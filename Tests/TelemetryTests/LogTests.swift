import JSON
import Logging
import Testing

@testable import Telemetry

@Suite struct `Log lines` {
    private func line(_ format: Telemetry.LogFormat, _ message: String, _ metadata: Logger.Metadata = [:]) -> String {
        let line = LogLine(
            time: 1_790_000_000_123_456, level: .info, component: "worker-1", message: message, metadata: metadata)
        return String(decoding: line.rendered(as: format), as: UTF8.self)
    }

    @Test func `text: time, level, component, message, and metadata by name`() {
        #expect(
            line(.text, "Task completed", ["task.id": "x1", "a": "two words", "n": "\(3)"])
                == "2026-09-21T14:13:20.123456Z info     worker-1: Task completed a=\"two words\" n=3 task.id=x1\n")
    }

    @Test func `text: control characters do not break the line`() {
        #expect(line(.text, "a\nb\u{1b}[2J", ["k": "x\ny"]).hasSuffix("worker-1: a b [2J k=\"x\\ny\"\n"))
    }

    @Test func `json: one object per line, in a fixed order`() throws {
        let text = line(
            .json, "He said \"hi\"\n",
            ["task.id": "x1", "n": .stringConvertible(3), "list": ["a", "b"], "map": ["k": "v"]])
        #expect(
            text.hasPrefix(
                #"{"ts":"2026-09-21T14:13:20.123456Z","level":"info","component":"worker-1","msg":"He said \"hi\"\n""#))
        #expect(text.filter { $0 == "\n" }.count == 1)
        let object = try JSONValue(parsing: text.utf8)
        #expect(object["metadata"] == ["task.id": "x1", "n": 3, "list": ["a", "b"], "map": ["k": "v"]])
    }

    @Test func `json: without metadata there is no metadata member`() throws {
        #expect(try JSONValue(parsing: line(.json, "x").utf8)["metadata"] == nil)
    }

    @Test func `a handler adds its own metadata, that of the event takes precedence, and the level filters`() {
        let lines = Collected()
        var logger = Logger(label: "x") { _ in
            LineLogHandler(component: "c", format: .text, logLevel: .info) { lines.append($0) }
        }
        logger[metadataKey: "k"] = "own"
        logger[metadataKey: "o"] = "own"
        logger.debug("hidden")
        logger.warning("seen", metadata: ["k": "event"])
        #expect(lines.all.count == 1)
        #expect(lines.all.first?.hasSuffix("warning  c: seen k=event o=own\n") == true)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
        (4_102_444_799_999_999, "2099-12-31T23:59:59.999999Z"),
    ])
    func `times are RFC 3339 with microseconds`(time: Int64, text: String) {
        #expect(WallClock.text(time) == text)
    }
}

private final class Collected: @unchecked Sendable {
    private(set) var all: [String] = []
    func append(_ line: [UInt8]) { all.append(String(decoding: line, as: UTF8.self)) }
}
