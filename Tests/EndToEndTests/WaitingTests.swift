import FoundationEssentials
import Supervisor
import TestSupport
import Testing

/// Many clients that wait at the same time: a small `make bench-waiting`.
struct WaitingTests {
    @Test
    func `600 waiting clients need no threads, no statements and one LISTEN session of a node, and all are answered`()
        throws
    {
        let folder = TemporaryFolder()
        let raw = folder.file("figures")
        let bench = try Program(
            builtExecutable("bench"),
            [
                "waiting", "--millrace", builtExecutable("millrace"), "--clients", "600", "--rate", "100", "--seconds",
                "2", "--raw", raw,
            ], environment: RunningSystem.quietEnvironment)
        // The program fails if a client gets no answer, or the answer of another task.
        #expect(try bench.waitForExit(within: .seconds(120)).isSuccess, "\(bench.standardError)")
        let text = FileManager.default.contents(atPath: raw).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let figures = text.split(separator: "\n").map { $0.split(separator: "\t") }
            .reduce(into: [:]) { $0[String($1[0])] = Double($1[1]) }
        func figure(_ name: String) throws -> Double { try #require(figures[name], "\(text)") }
        #expect(try figure("LISTEN sessions per node") == 1)
        #expect(try figure("additional threads per node") <= 0)
        #expect(
            try figure("statements per second while all clients wait") < figure(
                "statements per second without waiting clients") + 60)
        // A client that polled every second would get its answer half a second late on average.
        #expect(try figure("response after the end of a task, 100 tasks/s: p50") < 250)
    }
}
