import FoundationEssentials
import TestSupport
import Testing

/// Debian's nginx and the balancer, with the same files, asked the same.
@Suite(.enabled(if: StockNginx.isPresent), .serialized)
struct NginxComparisonTests {
    @Test(arguments: Stages.all)
    func `the balancer answers like nginx, but where it is meant not to`(stage: Stage) throws {
        let transcripts = try Comparison.run(stage)
        var news = ""
        for test in stage.cases {
            let nginx = transcripts[.nginx]?[test.name] ?? Comparison.Outcome()
            let millrace = transcripts[.millrace]?[test.name] ?? Comparison.Outcome()
            let lines = Differences.between(nginx: nginx, millrace: millrace)
            let intended = Differences.intended.cases[test.name] ?? []
            if lines == intended { continue }
            news += "### \(test.name)\n\n" + lines.map { "    \($0)\n" }.joined() + "\n"
            Issue.record(
                """
                \(test.name) \(intended.isEmpty ? "" : lines.isEmpty ? "differs no more" : "differs otherwise")
                \(lines.joined(separator: "\n"))
                nginx: \(nginx.lines.joined(separator: "\n    "))
                millrace: \(millrace.lines.joined(separator: "\n    "))
                """)
        }
        // For whoever writes Differences.md.
        if let path = ProcessInfo.processInfo.environment["MILLRACE_DIFFERENCES"] {
            try news.write(toFile: "\(path)-\(stage.name)", atomically: false, encoding: .utf8)
        }
    }

    @Test func `each case has a name of its own, and there are 300 at least`() {
        let names = Stages.all.flatMap(\.cases).map(\.name)
        #expect(Dictionary(grouping: names) { $0 }.filter { $1.count > 1 }.keys.sorted() == [])
        #expect(names.count >= 300)
    }

    @Test func `each difference has a reason and a case`() {
        let names = Set(Stages.all.flatMap(\.cases).map(\.name))
        #expect(Differences.intended.unexplained == [])
        #expect(Differences.intended.repeated == [])
        #expect(Differences.intended.cases.keys.filter { !names.contains($0) } == [])
    }
}
