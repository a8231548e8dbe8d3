/// The rows of one run of a benchmark: prints them as a table, and writes them to a file.
struct Table {
    private var rows: [(name: String, value: Double, unit: String)] = []

    mutating func add(_ name: String, _ value: Double, _ unit: String) {
        rows.append((name, value, unit))
        showProgress("\(name): \(Self.text(value)) \(unit)")
    }

    /// Adds a row with the processor time per task for each part.
    mutating func add(_ time: ProcessorTime, per tasks: Int) {
        for (part, value) in time.microseconds(per: tasks) { add("  processor time per task: \(part)", value, "µs") }
    }

    func print() {
        Swift.print("| measured | value | |\n|---|---:|---|")
        for row in rows { Swift.print("| \(row.name) | \(Self.text(row.value)) | \(row.unit) |") }
    }

    /// Each line has a name, a value and a unit, separated by tabs.
    func write(to path: String) throws(BenchError) {
        try RawFile.write(rows.map { "\($0.name)\t\($0.value)\t\($0.unit)" }, to: path)
    }

    /// A number below 1000 with about three significant digits; any other as a whole number.
    private static func text(_ value: Double) -> String {
        if value >= 1000 { return String(Int(value.rounded())) }
        let digits = value >= 100 ? 1.0 : value >= 10 ? 10.0 : 1000.0
        return String((value * digits).rounded() / digits)
    }
}
