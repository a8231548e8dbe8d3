internal import FoundationEssentials
internal import Postgres

/// Reads what waiting clients cost, from PostgreSQL's statistics and from `/proc`.
struct Inspector {
    struct Sample {
        /// Transactions of the database so far, committed or rolled back.
        let transactions: Int
        /// The nodes' sessions that listen for the ends of tasks.
        let listeners: Double
        /// The largest number of threads of any node.
        let threads: Double
        /// Resident memory of all nodes and the balancer together, in kB.
        let memory: Double

        /// Transactions per second.
        func transactions(since earlier: Sample, _ seconds: Int) -> Double {
            Double(transactions - earlier.transactions) / Double(seconds)
        }
    }

    private let system: BenchSystem
    private let database: PostgresConnection

    init(_ system: BenchSystem) throws {
        self.system = system
        database = try PostgresConnection(PostgresConfiguration(connectionString: system.database))
    }

    /// Sessions report their transactions once a second, so the sample may lack the newest transactions.
    func sample() throws -> Sample {
        let row = try database.execute(
            """
            SELECT (SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()),
                (SELECT count(*) FROM pg_stat_activity
                 WHERE application_name LIKE 'millrace api-%' AND query LIKE 'LISTEN millrace_done%')
            """)
        let nodes = system.processes("api")
        return Sample(
            transactions: row.integer(0, 0) ?? 0, listeners: Double(row.integer(0, 1) ?? 0),
            threads: nodes.map { Self.status($0, "Threads") }.max() ?? 0,
            memory: (nodes + system.processes("balancer")).map { Self.status($0, "VmRSS") }.reduce(0, +))
    }

    /// The end of each finished task, in microseconds since 1970.
    func completionTimes() throws -> [String: Int64] {
        let rows = try database.execute(
            "SELECT id::text, (extract(epoch FROM completed_at) * 1000000)::int8 FROM finished_task")
        var times: [String: Int64] = [:]
        for row in 0..<rows.rowCount {
            if let id = rows.text(row, 0), let time = rows.integer(row, 1) { times[id] = Int64(time) }
        }
        return times
    }

    /// A number from `/proc/PID/status`, see proc(5).
    private static func status(_ process: Int32, _ name: String) -> Double {
        let text = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
        return line.flatMap { Double($0.dropFirst(name.count + 1).filter(\.isNumber)) } ?? 0
    }
}
