import Testing

@testable import Supervisor

struct LineSplitterTests {
    @Test func `lines come out whole however they were cut`() {
        let text = "one\n\ntwo\nlast"
        for cut in 0...text.utf8.count {
            var splitter = LineSplitter()
            let bytes = Array(text.utf8)
            var lines = splitter.append(Array(bytes[..<cut])) + splitter.append(Array(bytes[cut...]))
            if let rest = splitter.finish() { lines.append(rest) }
            #expect(lines.map { String(decoding: $0, as: UTF8.self) } == ["one", "", "two", "last"])
        }
    }

    @Test func `a line without an end is cut instead of kept`() {
        var splitter = LineSplitter()
        let lines = splitter.append([UInt8](repeating: 65, count: LineSplitter.longestLine * 2 + 5))
        #expect(lines.map(\.count) == [LineSplitter.longestLine, LineSplitter.longestLine])
        #expect(splitter.finish()?.count == 5)
    }

    @Test func `the delay before a restart doubles to a limit, and falls back after a good while`() {
        var backoff = RestartBackoff()
        let delays = (0..<9).map { _ in backoff.delay(afterRunning: .milliseconds(1)) }
        #expect(delays.first == .milliseconds(100))
        #expect(delays[1] == .milliseconds(200))
        #expect(delays.last == RestartBackoff.longest)
        #expect(backoff.delay(afterRunning: .seconds(99)) == RestartBackoff.longest)
        #expect(backoff.delay(afterRunning: .seconds(100)) == .milliseconds(100))
        #expect(backoff.delay(afterRunning: .seconds(2)) == .milliseconds(100))
    }
}
