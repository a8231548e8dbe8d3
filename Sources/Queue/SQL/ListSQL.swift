internal import Postgres

/// Pages of tasks, newest first. Parameters: the type (NULL for any), the id below which the page begins, the page's
/// size.
///
/// There is one statement per status, because each status needs another index. Most tasks of `task` are queued, and
/// most tasks of `finished_task` are completed, so the statements for these two statuses scan their table by id, or by
/// type and id. Tasks in processing are found with the index of owners. Failed and cancelled tasks have partial
/// indexes, which PostgreSQL uses only if the statement contains the status as a constant. No plan depends on the
/// statistics about types: where PostgreSQL could choose a wrong index, the condition or the order is written so that
/// it fits no index.
enum ListSQL {
    static func page(_ status: TaskStatus?, isOfType: Bool) -> PostgresStatement {
        switch status {
        case nil: isOfType ? anyOfType : any
        case .queued?: isOfType ? queuedOfType : queued
        case .processing?: processing
        case .completed?: isOfType ? completedOfType : completed
        case .failed?: failed
        case .cancelled?: cancelled
        }
    }

    private static let filter = "($1::text IS NULL OR type = $1) AND id < $2"
    private static let order = "ORDER BY id DESC LIMIT $3"
    /// Selects the tasks of one type, which are adjacent in the index by type and id.
    static let filterOfType = "type >= $1::text AND (type, id) < ($1::text, $2)"
    static let orderOfType = "ORDER BY type DESC, id DESC LIMIT $3"

    private static let any = PostgresStatement(
        "list_any",
        """
        (SELECT \(LookUpSQL.unfinishedColumns) FROM task WHERE \(filter) \(order))
        UNION ALL
        (SELECT \(LookUpSQL.finishedColumns) FROM finished_task WHERE \(filter) \(order))
        \(order)
        """)
    private static let anyOfType = PostgresStatement(
        "list_any_of_type",
        """
        (\(queuedRowsOfType))
        UNION ALL
        (\(processingRows))
        UNION ALL
        (SELECT \(LookUpSQL.finishedColumns) FROM finished_task WHERE \(filterOfType) \(orderOfType))
        \(order)
        """)

    private static let queued = PostgresStatement(
        "list_queued",
        "SELECT \(LookUpSQL.unfinishedColumns) FROM task WHERE worker_id IS NULL AND \(filter) \(order)")
    private static let queuedOfType = PostgresStatement("list_queued_of_type", queuedRowsOfType)

    /// The hot table (`task`) has no index by type and id. If a type has few queued tasks, the index of claims finds
    /// them. If it has many, a scan of all tasks by id soon finds enough of them for a page.
    private static let queuedRowsOfType = """
        WITH few AS MATERIALIZED (
            SELECT id FROM task WHERE type = $1::text AND worker_id IS NULL ORDER BY rank LIMIT 5000
        )
        SELECT \(LookUpSQL.unfinishedColumns) FROM task
        WHERE worker_id IS NULL AND id = ANY (
            CASE WHEN (SELECT count(*) FROM few) < 5000 THEN ARRAY(SELECT id FROM few WHERE id < $2)
            ELSE ARRAY(SELECT id FROM task WHERE worker_id IS NULL AND type = $1::text AND id < $2 \(order)) END)
        \(order)
        """

    private static let processing = PostgresStatement("list_processing", processingRows)
    private static let processingRows = """
        SELECT \(LookUpSQL.unfinishedColumns) FROM task
        WHERE worker_id IS NOT NULL AND id = ANY (ARRAY(
            SELECT id FROM task
            WHERE worker_id IS NOT NULL AND ($1::text IS NULL OR type = $1) AND (id < $2) IS TRUE))
        \(order)
        """

    private static let completed = finished("list_completed", "completed", "\(filter) \(order)")
    private static let completedOfType = finished(
        "list_completed_of_type", "completed", "\(filterOfType) \(orderOfType)")
    private static let failed = finished("list_failed", "failed", "\(filter) \(order)")
    private static let cancelled = finished("list_cancelled", "cancelled", "\(filter) \(order)")

    private static func finished(_ name: String, _ outcome: String, _ rest: String) -> PostgresStatement {
        PostgresStatement(
            name, "SELECT \(LookUpSQL.finishedColumns) FROM finished_task WHERE outcome = '\(outcome)' AND \(rest)")
    }
}
