internal import Glibc

/// The rows of one run of a benchmark, printed for people and kept for programs.
struct Table {
    private var rows: [(name: String, value: Double, unit: String)] = []

    mutating func add(_ name: String, _ value: Double, _ unit: String) {
        rows.append((name, value, unit))
        // A row as soon as it is known: a run takes minutes.
        let line = Array("\(name): \(Self.text(value)) \(unit)\n".utf8)
        _ = Glibc.write(STDERR_FILENO, line, line.count)
    }

    /// Adds what each part used of the processors for one of so many tasks.
    mutating func add(_ time: ProcessorTime, per tasks: Int) {
        for (part, value) in time.microseconds(per: tasks) { add("  processor time per task: \(part)", value, "µs") }
    }

    func print() {
        Swift.print("| measured | value | |\n|---|---:|---|")
        for row in rows { Swift.print("| \(row.name) | \(Self.text(row.value)) | \(row.unit) |") }
    }

    /// One line a row: name, value, unit, separated by tabs.
    func write(to path: String) throws(BenchError) {
        try RawFile.write(rows.map { "\($0.name)\t\($0.value)\t\($0.unit)" }, to: path)
    }

    /// Three significant digits below 1000, whole numbers above.
    private static func text(_ value: Double) -> String {
        if value >= 1000 { return String(Int(value.rounded())) }
        let digits = value >= 100 ? 1.0 : value >= 10 ? 10.0 : 1000.0
        return String((value * digits).rounded() / digits)
    }
}
