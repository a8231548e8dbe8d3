internal import ArgumentParser
internal import Glibc
internal import Postgres

/// `make bench-table`: does the table of unfinished tasks stay small, and a claim quick?
struct HotTableBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table",
        abstract: "Watches the queue's table and the time of claims under a steady load, and with a long queue.",
        discussion: """
            A PostgreSQL of its own, the queue's own sessions. First claims with 1,000 tasks queued in one database \
            and with 1,000,000 in another, in turn; then a steady load for half of the time, and for the other half \
            while another session holds a snapshot, so that no row that dies can be removed.
            """)

    @Option(help: "The millrace program, which makes the schema.")
    var millrace: String

    @Option(help: "Minutes of steady load.")
    var minutes = 10.0

    @Option(help: "Tasks per second of the steady load.")
    var rate = 2000

    @Option(help: "Seconds of one row of the table.")
    var interval = 30

    @Option(help: "Tasks of the long queue.")
    var queued = 1_000_000

    @Option(help: "Where the raw numbers go (tab-separated).")
    var raw = ".build/bench-table.tsv"

    func validate() throws {
        guard minutes > 0, rate >= 40, interval > 0, queued >= 1000 else {
            throw ValidationError("--rate must be at least 40, --queued 1000, the others more than 0")
        }
    }

    func run() throws {
        let folder = try BenchFolder()
        defer { folder.remove() }
        let cluster = try BenchCluster(in: folder)
        defer { cluster.stop() }
        try MillraceParts.migrate(cluster.connectionString, millrace)
        var lines: [String] = []
        if queued > 1000 { lines += try LongQueue(cluster, millrace: millrace).compare(queued) }
        let load = try SteadyLoad(cluster, rate: rate)
        defer { load.stop() }
        // Plans, caches and the day's partitions settle before anything counts.
        usleep(3_000_000)
        let size = try TableSize(cluster)
        print(SteadyRow.head)
        let rows = max(1, Int(minutes * 60) / interval / 2)
        for isPinned in [false, true] {
            let pin = isPinned ? try Self.snapshot(cluster) : nil
            var first: Double?
            var last = 0.0
            for number in 1...rows {
                load.forget()
                usleep(useconds_t(interval) * 1_000_000)
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
            let name = isPinned ? "with a pinned snapshot" : "steady"
            print("\(name): a claim takes \((last / (first ?? last)).text(2)) times what it took at first (p50)")
            withExtendedLifetime(pin) {}
        }
        try RawFile.write(lines, to: raw)
    }

    /// A session that holds a snapshot for as long as it lives.
    private static func snapshot(_ cluster: BenchCluster) throws -> AnyObject {
        let connection = try cluster.connect()
        try connection.execute(text: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM task")
        return connection
    }
}

/// What one interval has shown.
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
            isPinned ? "pinned" : "none", "\(seconds)", tasks.text(0), p50.text(3), claims.percentile(0.99).text(3),
            mean.text(3), submissions.percentile(0.5).text(2), submissions.percentile(0.99).text(2),
            "\(size.deadRows)", size.table.text(1), size.indexes.text(1),
        ]
    }

    var text: String { "| \(cells.joined(separator: " | ")) |" }
    var raw: String { cells.joined(separator: "\t") }
}
