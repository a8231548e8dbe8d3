/// The figures of `bench balancer`: prints the medians as tables, and writes every run to a file.
struct ProxyComparisonTable {
    private var rows: [String] = []
    private var ratios: [String] = []
    private var raw: [String] = []

    static let head = [
        "", "workers", "program", "requests/s", "user µs", "system µs", "CPU µs", "p50 ms", "p99 ms", "p99.9 ms",
        "memory MB", "syscalls", "allocations",
    ]

    mutating func add(_ results: [ProxyComparison.Result], _ scenario: Scenario, workers: Int) {
        for (kind, runs, medians) in results {
            let row = Self.row([scenario.name, "\(workers)", kind.rawValue] + medians.cells)
            rows.append(row)
            showProgress(row)
            for run in runs {
                raw.append(([scenario.name, "\(workers)", kind.rawValue] + run.values).joined(separator: "\t"))
            }
            if medians.failures > 0 { rows.append(Self.row(["", "", "\(medians.failures) requests failed"])) }
        }
        addRatios(results, scenario, workers)
    }

    /// The balancer's figures divided by those of the other programs.
    private mutating func addRatios(_ results: [ProxyComparison.Result], _ scenario: Scenario, _ workers: Int) {
        let figures = Dictionary(uniqueKeysWithValues: results.map { ($0.kind, $0.medians) })
        guard let own = figures[.millrace], let nginx = figures[.nginx], let haproxy = figures[.haproxy] else { return }
        ratios.append(
            Self.row(
                [scenario.name, "\(workers)"]
                    + [
                        own.processor / nginx.processor, own.processor / haproxy.processor,
                        own.requests / nginx.requests, own.requests / haproxy.requests, own.p99 / nginx.p99,
                        own.p99 / haproxy.p99, own.memory / nginx.memory, own.memory / haproxy.memory,
                    ].map { $0.text(2) }))
    }

    func print() {
        Swift.print(Self.row(Self.head))
        Swift.print("|---|---:|---|" + String(repeating: "---:|", count: Self.head.count - 3))
        for row in rows { Swift.print(row) }
        Swift.print("\nMillrace divided by the others:\n")
        Swift.print(
            Self.row(
                ["", "workers"]
                    + ["CPU", "requests/s", "p99", "memory"].flatMap { ["\($0) / nginx's", "/ HAProxy's"] }))
        Swift.print("|---|" + String(repeating: "---:|", count: 9))
        for row in ratios { Swift.print(row) }
    }

    func write(to path: String) throws(BenchError) {
        try RawFile.write([(["scenario"] + Self.head[1..<11]).joined(separator: "\t")] + raw, to: path)
    }

    private static func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
}

extension ProxyComparison.Figures {
    fileprivate var cells: [String] {
        [
            requests.text(0), user.text(2), system.text(2), processor.text(2), p50.text(3), p99.text(3), p999.text(3),
            memory.text(1), syscalls?.text(2) ?? "–", allocations?.text(3) ?? "–",
        ]
    }

    fileprivate var values: [String] {
        [requests, user, system, processor, p50, p99, p999, memory].map { "\($0)" }
    }
}
