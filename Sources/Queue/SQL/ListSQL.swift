internal import Postgres

/// Pages of tasks, newest first: the type or null for any, the id below which the page begins, its size.
///
/// One statement for each state, as each has its own way to the rows: what is queued or completed is most of its table
/// and is walked by id; what is processed is found by its owner; the failed and the cancelled have an index to
/// themselves, which a statement can use that names them.
enum ListSQL {
    static func page(_ status: TaskStatus?) -> PostgresStatement {
        switch status {
        case nil: any
        case .queued?: queued
        case .processing?: processing
        case .completed?: completed
        case .failed?: failed
        case .cancelled?: cancelled
        }
    }

    private static let filter = "($1::text IS NULL OR type = $1) AND id < $2"
    private static let order = "ORDER BY id DESC LIMIT $3"

    private static let any = PostgresStatement(
        "list_any",
        """
        (SELECT \(LookUpSQL.unfinishedColumns) FROM task WHERE \(filter) \(order))
        UNION ALL
        (SELECT \(LookUpSQL.finishedColumns) FROM finished_task WHERE \(filter) \(order))
        \(order)
        """)
    private static let queued = unfinished("queued", "worker_id IS NULL")
    private static let processing = unfinished("processing", "worker_id IS NOT NULL")
    private static let completed = finished("completed")
    private static let failed = finished("failed")
    private static let cancelled = finished("cancelled")

    private static func unfinished(_ status: String, _ condition: String) -> PostgresStatement {
        PostgresStatement(
            "list_\(status)",
            "SELECT \(LookUpSQL.unfinishedColumns) FROM task WHERE \(condition) AND \(filter) \(order)")
    }

    private static func finished(_ outcome: String) -> PostgresStatement {
        PostgresStatement(
            "list_\(outcome)",
            "SELECT \(LookUpSQL.finishedColumns) FROM finished_task WHERE outcome = '\(outcome)' AND \(filter) \(order)"
        )
    }
}
