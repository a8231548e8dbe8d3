internal import Glibc

/// The rows of one run of `make bench`, printed for people and kept for programs.
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
        for part in ProcessorTime.parts {
            add("  processor time per task: \(part)", time.microseconds(part, per: tasks), "µs")
        }
    }

    func print() {
        Swift.print("| measured | value | |\n|---|---:|---|")
        for row in rows { Swift.print("| \(row.name) | \(Self.text(row.value)) | \(row.unit) |") }
    }

    /// One line a row: name, value, unit, separated by tabs.
    func write(to path: String) throws(BenchError) {
        if let slash = path.lastIndex(of: "/") { mkdir(String(path[..<slash]), 0o755) }
        guard let file = fopen(path, "w") else { throw BenchError("cannot write \(path)") }
        defer { fclose(file) }
        for row in rows { fputs("\(row.name)\t\(row.value)\t\(row.unit)\n", file) }
    }

    /// Three significant digits below 1000, whole numbers above.
    private static func text(_ value: Double) -> String {
        if value >= 1000 { return String(Int(value.rounded())) }
        let digits = value >= 100 ? 1.0 : value >= 10 ? 10.0 : 1000.0
        return String((value * digits).rounded() / digits)
    }
}
