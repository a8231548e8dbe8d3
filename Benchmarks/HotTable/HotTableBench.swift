internal import ArgumentParser
internal import Glibc
internal import Postgres
internal import TestSupport
internal import Threading

/// `make bench-table`: the size of the table of unfinished tasks, and the time of claims.
struct HotTableBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table",
        abstract: "Measures the queue's table and the time of claims under a steady load and with a long queue.",
        discussion: """
            The benchmark starts its own PostgreSQL and uses the queue's own sessions. First it claims tasks in a \
            database with 1,000 queued tasks and in one with 1,000,000, in turn. Then it runs a steady load for half of \
            the time, and for the other half while another session holds a snapshot, so that VACUUM cannot remove \
            dead rows.
            """)

    @Option(help: "The millrace program, which creates the schema.")
    var millrace: String

    @Option(help: "Minutes of steady load.")
    var minutes = 10.0

    @Option(help: "Tasks per second of the steady load.")
    var rate = 2000

    @Option(help: "Seconds per row of the table.")
    var interval = 30

    @Option(help: "Tasks of the long queue.")
    var queued = 1_000_000

    @Option(help: "Where the raw numbers go (tab-separated).")
    var raw = ".build/bench-table.tsv"

    func validate() throws {
        guard minutes > 0, rate >= 40, interval > 0, queued >= 1000 else {
            throw ValidationError("--rate must be at least 40, --queued at least 1000, and the others above 0")
        }
    }

    func run() throws {
        let folder = TemporaryFolder()
        let cluster = try BenchCluster(in: folder)
        defer { cluster.stop() }
        try MillraceParts.migrate(cluster.connectionString, millrace)
        var lines: [String] = []
        if queued > 1000 { lines += try LongQueue(cluster, millrace: millrace).compare(queued) }
        let load = try SteadyLoad(cluster, rate: rate)
        defer { load.stop() }
        // Warm-up: plans, caches and the partitions of the day.
        sleepCurrentThread(for: .seconds(3))
        let size = try TableSize(cluster)
        print(SteadyRow.head)
        let rows = max(1, Int(minutes * 60) / interval / 2)
        for isPinned in [false, true] {
            let pin = isPinned ? try Self.snapshot(cluster) : nil
            var first: Double?
            var last = 0.0
            for number in 1...rows {
                load.clear()
                sleepCurrentThread(for: .seconds(interval))
                try load.check()
                let row = SteadyRow(
                    isPinned: isPinned, seconds: number * interval, claims: load.claims, submissions: load.submissions,
                    tasks: load.tasks,
                    size: try size.now())
                print(row.text)
                fflush(nil)
                lines.append(row.raw)
                first = first ?? row.p50
                last = row.p50
            }
            let name = isPinned ? "with a snapshot held" : "without a snapshot"
            print("\(name): the last claims take \((last / (first ?? last)).text(2)) times as long as the first (p50)")
            withExtendedLifetime(pin) {}
        }
        try RawFile.write(lines, to: raw)
    }

    /// A session with a snapshot. It holds the snapshot as long as the returned object exists.
    private static func snapshot(_ cluster: BenchCluster) throws -> AnyObject {
        let connection = try cluster.connect()
        try connection.execute(text: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM task")
        return connection
    }
}

/// The figures of one interval.
struct SteadyRow {
    static let head = """
        | snapshot | s | tasks/s | claim p50 ms | p99 ms | mean ms | submission p50 ms | p99 ms | dead rows | table MB | indexes MB |
        |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
        """

    let isPinned: Bool
    let seconds: Int
    let claims: Latencies
    let submissions: Latencies
    let tasks: Double
    let size: TableSize.Figures

    var p50: Double { claims.percentile(0.5) }

    private var cells: [String] {
        let mean = Double(claims.nanoseconds.reduce(0, +)) / Double(max(1, claims.count)) / 1e6
        return [
            isPinned ? "held" : "none", "\(seconds)", tasks.text(0), p50.text(3), claims.percentile(0.99).text(3),
            mean.text(3), submissions.percentile(0.5).text(2), submissions.percentile(0.99).text(2),
            "\(size.deadRows)", size.table.text(1), size.indexes.text(1),
        ]
    }

    var text: String { "| \(cells.joined(separator: " | ")) |" }
    var raw: String { cells.joined(separator: "\t") }
}
