/// The figures of all rounds of `bench peers`: prints the medians as tables, and writes each value to a file.
struct PeersFigures {
    static let systems = ["Millrace"] + PythonStack.Kind.allCases.map(\.rawValue)

    /// The values of the rounds, by system and name.
    private var values: [String: [String: [Double]]] = [:]

    private static let columns = [
        ("submitted", 0), ("completed", 0), ("p50", 1), ("p99", 1), ("load generator", 0), ("balancer", 0),
        ("nodes", 0),
        ("database", 0), ("workers", 0), ("read", 0), ("read p99", 1),
    ]

    /// Adds a run in which the clients only submit tasks.
    mutating func add(_ outcome: TaskLoad.Outcome, _ system: String) {
        let latencies = outcome.submissions.percentiles([0.5, 0.99])
        add(
            system,
            [
                ("submitted", Double(outcome.submitted) / outcome.submitting.inSeconds),
                ("completed", Double(outcome.submitted) / outcome.whole.inSeconds), ("p50", latencies[0]),
                ("p99", latencies[1]),
            ])
        let parts = ["load generator", "balancer", "nodes", "database", "workers"]
        add(system, Array(zip(parts, outcome.time.microseconds(per: outcome.submitted).map(\.value))))
    }

    /// Adds a run in which the clients also read the results.
    mutating func add(reading outcome: TaskLoad.Outcome, _ system: String) {
        add(
            system,
            [
                ("read", Double(outcome.read) / outcome.whole.inSeconds),
                ("read p99", outcome.submissions.percentile(0.99)),
            ])
        let completed = values[system]?["completed"]?.last ?? .nan
        showProgress("\(system): \(completed.text(0)) completed/s")
    }

    private mutating func add(_ system: String, _ figures: [(String, Double)]) {
        for (name, value) in figures { values[system, default: [:]][name, default: []].append(value) }
    }

    func print() {
        Swift.print(
            """
            | | submitted/s | completed/s | p50, ms | p99, ms | load generator, µs | balancer or nginx, µs | node or \
            granian, µs | PostgreSQL, Redis, µs | worker, µs | completed/s, each result read | p99, ms |
            """)
        Swift.print("|---|" + String(repeating: "---:|", count: Self.columns.count))
        for system in Self.systems where values[system] != nil {
            let cells = Self.columns.map { figure(system, $0.0).text($0.1) }
            Swift.print("| \(system) | \(cells.joined(separator: " | ")) |")
        }
        Swift.print(
            "\n| Millrace divided by | completed/s | p99 | completed/s, each result read |\n|---|---:|---:|---:|")
        for peer in PythonStack.Kind.allCases.map(\.rawValue) where values[peer] != nil {
            let cells = ["completed", "p99", "read"].map { (figure("Millrace", $0) / figure(peer, $0)).text(2) }
            Swift.print("| \(peer) | \(cells.joined(separator: " | ")) |")
        }
    }

    private func figure(_ system: String, _ name: String) -> Double { median(values[system]?[name] ?? []) }

    /// Each line has a system, a name and the values of the rounds, separated by tabs.
    func write(to path: String) throws(BenchError) {
        var lines: [String] = []
        for (system, figures) in values.sorted(by: { $0.key < $1.key }) {
            for (name, values) in figures.sorted(by: { $0.key < $1.key }) {
                lines.append(([system, name] + values.map { "\($0)" }).joined(separator: "\t"))
            }
        }
        try RawFile.write(lines, to: path)
    }
}
