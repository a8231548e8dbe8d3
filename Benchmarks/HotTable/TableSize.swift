internal import Postgres

/// The size of the table of unfinished tasks.
struct TableSize {
    struct Figures {
        let deadRows: Int
        /// The sizes of the table and of its indexes, in MB.
        let table: Double
        let indexes: Double
    }

    private let connection: PostgresConnection

    init(_ cluster: BenchCluster) throws { connection = try cluster.connect() }

    func now() throws -> Figures {
        let row = try connection.execute(
            """
            SELECT pg_stat_get_dead_tuples('task'::regclass), pg_table_size('task'), pg_indexes_size('task')
            """)
        return Figures(
            deadRows: row.integer(0, 0) ?? 0, table: Double(row.integer(0, 1) ?? 0) / 1e6,
            indexes: Double(row.integer(0, 2) ?? 0) / 1e6)
    }
}
