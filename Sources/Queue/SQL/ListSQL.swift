internal import Postgres

/// Pages of tasks, newest first: the type or null for any, the id below which the page begins, its size.
///
/// One statement for each state, as each has its own way to the rows: what is queued or completed is most of its table
/// and is walked by id, or by type and id; what is processed is found by its owner; the failed and the cancelled have an
/// index to themselves, which a statement can use that names them. A condition that must not lead to another index is
/// written in a form that none serves.
enum ListSQL {
    static func page(_ status: TaskStatus?, isOfType: Bool) -> PostgresStatement {
        switch status {
        case nil: isOfType ? anyOfType : any
        case .queued?: queued
        case .processing?: processing
        case .completed?: isOfType ? completedOfType : completed
        case .failed?: unsuccessful("failed")
        case .cancelled?: unsuccessful("cancelled")
        }
    }

    private static let filter = "($1::text IS NULL OR type = $1) AND id < $2"
    private static let filterOfType = "type = $1::text AND id < $2"
    private static let order = "ORDER BY id DESC LIMIT $3"

    private static func any(_ name: String, finished: String) -> PostgresStatement {
        PostgresStatement(
            name,
            """
            (SELECT \(LookUpSQL.unfinishedColumns) FROM task WHERE \(filter) \(order))
            UNION ALL
            (SELECT \(LookUpSQL.finishedColumns) FROM finished_task WHERE \(finished) \(order))
            \(order)
            """)
    }
    private static let any = any("list_any", finished: filter)
    private static let anyOfType = any("list_any_of_type", finished: filterOfType)

    private static let queued = PostgresStatement(
        "list_queued",
        "SELECT \(LookUpSQL.unfinishedColumns) FROM task WHERE worker_id IS NULL AND \(filter) \(order)")
    private static let processing = PostgresStatement(
        "list_processing",
        """
        SELECT \(LookUpSQL.unfinishedColumns) FROM task
        WHERE id = ANY (ARRAY(SELECT id FROM task
                WHERE worker_id IS NOT NULL AND ($1::text IS NULL OR type = $1) AND (id < $2) IS TRUE))
            AND worker_id IS NOT NULL
        \(order)
        """)

    private static let completed = finished("list_completed", "completed", filter)
    private static let completedOfType = finished("list_completed_of_type", "completed", filterOfType)

    private static func unsuccessful(_ outcome: String) -> PostgresStatement {
        finished("list_\(outcome)", outcome, filter)
    }

    private static func finished(_ name: String, _ outcome: String, _ filter: String) -> PostgresStatement {
        PostgresStatement(
            name,
            "SELECT \(LookUpSQL.finishedColumns) FROM finished_task WHERE outcome = '\(outcome)' AND \(filter) \(order)"
        )
    }
}
