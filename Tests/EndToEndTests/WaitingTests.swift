import FoundationEssentials
import Supervisor
import TestSupport
import Testing

/// Many clients that wait at once: the small form of `make bench-waiting`.
struct WaitingTests {
    @Test func `hundreds who wait cost a node no thread, no statement and one LISTEN session, and all are told`() throws
    {
        let folder = TemporaryFolder()
        let raw = folder.file("figures")
        let bench = try Program(
            builtExecutable("bench"),
            [
                "waiting", "--millrace", builtExecutable("millrace"), "--clients", "600", "--rate", "100", "--seconds",
                "2", "--raw", raw,
            ], environment: WholeSystem.quietEnvironment)
        // It ends with an error if anybody is not told, or of another task.
        #expect(try bench.waitForExit(within: .seconds(120)).isSuccess, "\(bench.standardError)")
        let text = FileManager.default.contents(atPath: raw).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let figures = text.split(separator: "\n").map { $0.split(separator: "\t") }
            .reduce(into: [:]) { $0[String($1[0])] = Double($1[1]) }
        func figure(_ name: String) throws -> Double { try #require(figures[name], "\(text)") }
        #expect(try figure("LISTEN sessions of a node") == 1)
        #expect(try figure("threads more of a node") <= 0)
        #expect(
            try figure("statements per second, all wait") < figure("statements per second, nobody waits") + 60)
        // Who asked every second would be told half a second late.
        #expect(try figure("told after the end, 100 ends/s: p50") < 250)
    }
}
