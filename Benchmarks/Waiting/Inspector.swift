internal import Postgres

/// Looks at what waiting costs: into PostgreSQL's statistics, and at the processes.
struct Inspector {
    struct Look {
        /// Committed or rolled back in the database so far.
        let transactions: Int
        /// Sessions of nodes that are in LISTEN.
        let listeners: Double
        /// Of the node with the most.
        let threads: Double
        /// Resident, of all nodes and the balancer together; kB.
        let memory: Double

        func transactions(since earlier: Look, _ seconds: Int) -> Double {
            Double(transactions - earlier.transactions) / Double(seconds)
        }
    }

    private let system: System
    private let database: PostgresConnection

    init(_ system: System) throws {
        self.system = system
        database = try PostgresConnection(PostgresConfiguration(connectionString: system.database))
    }

    /// Sessions tell the server once a second what they have done; so a look at two moments sees it all but for that.
    func look() throws -> Look {
        let row = try database.execute(
            """
            SELECT (SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()),
                (SELECT count(*) FROM pg_stat_activity
                 WHERE application_name LIKE 'millrace api-%' AND query = 'LISTEN millrace_done')
            """)
        let nodes = system.processes("api")
        return Look(
            transactions: row.integer(0, 0) ?? 0, listeners: Double(row.integer(0, 1) ?? 0),
            threads: nodes.map { Self.status($0, "Threads") }.max() ?? 0,
            memory: (nodes + system.processes("balancer")).map { Self.status($0, "VmRSS") }.reduce(0, +))
    }

    /// When each finished task ended, in microseconds since 1970.
    func ends() throws -> [String: Int64] {
        let rows = try database.execute(
            "SELECT id::text, (extract(epoch FROM completed_at) * 1000000)::int8 FROM finished_task")
        var ends: [String: Int64] = [:]
        for row in 0..<rows.rowCount {
            if let id = rows.text(row, 0), let time = rows.integer(row, 1) { ends[id] = Int64(time) }
        }
        return ends
    }

    /// A number of proc(5)'s `status`.
    private static func status(_ process: Int32, _ name: String) -> Double {
        let text = ProcessTable.text("/proc/\(process)/status") ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
        return line.flatMap { Double($0.dropFirst(name.count + 1).filter(\.isNumber)) } ?? 0
    }
}
