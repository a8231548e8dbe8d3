import FoundationEssentials
import TestSupport
import Testing

/// Debian's nginx and the balancer get the same configuration files and the same requests.
@Suite(.enabled(if: StockNginx.isPresent), .serialized)
struct NginxComparisonTests {
    @Test(arguments: Stages.all)
    func `the balancer answers like nginx, except for the intended differences`(stage: Stage) throws {
        let transcripts = try Comparison.run(stage)
        var newDifferences = ""
        for test in stage.cases {
            let nginx = transcripts[.nginx]?[test.name] ?? Comparison.Outcome()
            let millrace = transcripts[.millrace]?[test.name] ?? Comparison.Outcome()
            let lines = Differences.between(nginx: nginx, millrace: millrace)
            let intended = Differences.intended.cases[test.name] ?? []
            if lines == intended { continue }
            newDifferences += "### \(test.name)\n\n" + lines.map { "    \($0)\n" }.joined() + "\n"
            Issue.record(
                """
                \(test.name) \(intended.isEmpty ? "" : lines.isEmpty ? "has no difference any more" : "has another difference")
                \(lines.joined(separator: "\n"))
                nginx: \(nginx.lines.joined(separator: "\n    "))
                millrace: \(millrace.lines.joined(separator: "\n    "))
                """)
        }
        // Write the new differences in the format of Differences.md.
        if let path = ProcessInfo.processInfo.environment["MILLRACE_DIFFERENCES"] {
            try newDifferences.write(toFile: "\(path)-\(stage.name)", atomically: false, encoding: .utf8)
        }
    }

    @Test func `each case has a unique name, and there are at least 300 cases`() {
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
