import Testing

@testable import Supervisor

struct LineSplitterTests {
    @Test func `lines are complete wherever the stream was cut`() {
        let text = "one\n\ntwo\nlast"
        for cut in 0...text.utf8.count {
            var splitter = LineSplitter()
            let bytes = Array(text.utf8)
            var lines = splitter.append(Array(bytes[..<cut])) + splitter.append(Array(bytes[cut...]))
            if let rest = splitter.finish() { lines.append(rest) }
            #expect(lines.map { String(decoding: $0, as: UTF8.self) } == ["one", "", "two", "last"])
        }
    }

    @Test func `a line without an end is split`() {
        var splitter = LineSplitter()
        let lines = splitter.append([UInt8](repeating: 65, count: LineSplitter.maxLineLength * 2 + 5))
        #expect(lines.map(\.count) == [LineSplitter.maxLineLength, LineSplitter.maxLineLength])
        #expect(splitter.finish()?.count == 5)
    }
}
