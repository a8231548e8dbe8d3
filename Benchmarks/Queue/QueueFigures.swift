/// The figures of all rounds of `bench queue`: prints the medians as tables, and writes each value to a file.
struct QueueFigures {
    /// The values of the rounds, by row and name.
    private var values: [[String: [Double]]] = Array(repeating: [:], count: QueueBench.rows.count)
    private var parts: [String] = []
    /// The maximum number of results per second in each round.
    private var maxRates: [Double] = []
    private var latencies: [Double: [QueueRound.Latency]] = [:]

    mutating func add(_ results: [QueueRound.Result]) {
        for (row, result) in results.enumerated() {
            let ratio = result.bare > 0 ? result.millrace / result.bare : .nan
            for (name, value) in [
                ("ceiling", result.bare), ("millrace", result.millrace), ("ratio", ratio), ("batch", result.batch),
            ] + result.processor { values[row][name, default: []].append(value) }
            parts = result.processor.map(\.name)
            showProgress("\(QueueBench.rows[row]): \(Int(result.millrace)) of \(Int(result.bare)) tasks/s")
        }
    }

    mutating func add(_ result: (max: Double, shares: [(share: Double, latency: QueueRound.Latency)])) {
        maxRates.append(result.max)
        for (share, latency) in result.shares { latencies[share, default: []].append(latency) }
    }

    func print() {
        Swift.print(
            "| | ceiling, tasks/s | Millrace, tasks/s | ratio | tasks per transaction | "
                + parts.map { "\($0), µs" }.joined(separator: " | ") + " |")
        Swift.print("|---|" + String(repeating: "---:|", count: 4 + parts.count))
        for (row, name) in QueueBench.rows.enumerated() {
            func cell(_ name: String, _ digits: Int) -> String { median(values[row][name] ?? []).text(digits) }
            let ceiling = [cell("ceiling", 0), cell("millrace", 0), cell("ratio", 2)]
            let hasCeiling = median(values[row]["ceiling"] ?? []) > 0
            let cells =
                (hasCeiling ? ceiling : ["–", ceiling[1], "–"]) + [cell("batch", 1)] + parts.map { cell($0, 1) }
            Swift.print("| \(name) | \(cells.joined(separator: " | ")) |")
        }
        Swift.print("\n| submit to result in one call | requests/s | p50, ms | p99, ms |\n|---|---:|---:|---:|")
        Swift.print("| maximum | \(median(maxRates).text(0)) | | |")
        for (share, latencies) in latencies.sorted(by: { $0.key < $1.key }) {
            let cells = [
                median(latencies.map(\.rate)).text(0), median(latencies.map(\.p50)).text(2),
                median(latencies.map(\.p99)).text(2),
            ]
            Swift.print("| at \(Int((share * 100).rounded())) % of it | \(cells.joined(separator: " | ")) |")
        }
    }

    /// Writes one line for each figure, separated by tabs: the name of the table row, the name of the figure, and its
    /// value in each round.
    func write(to path: String) throws(BenchError) {
        var lines: [String] = []
        for (row, name) in QueueBench.rows.enumerated() {
            for (key, values) in values[row].sorted(by: { $0.key < $1.key }) {
                lines.append(([name, key] + values.map { "\($0)" }).joined(separator: "\t"))
            }
        }
        lines.append((["wait", "max"] + maxRates.map { "\($0)" }).joined(separator: "\t"))
        for (share, latencies) in latencies.sorted(by: { $0.key < $1.key }) {
            lines.append((["wait \(share)", "p50"] + latencies.map { "\($0.p50)" }).joined(separator: "\t"))
            lines.append((["wait \(share)", "p99"] + latencies.map { "\($0.p99)" }).joined(separator: "\t"))
        }
        try RawFile.write(lines, to: path)
    }
}
