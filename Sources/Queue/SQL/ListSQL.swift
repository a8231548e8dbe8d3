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
    /// Pages of the tasks of a range of clients: the least one is $4, the greatest one $5.
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

    /// Pages of the tasks of one client ($4), which has a key. The statements read only tasks of this client.
    static func pageOfClient(_ status: TaskStatus?) -> PostgresStatement {
        switch status {
        case nil: ofClient.any
        case .queued?: ofClient.queued
        case .processing?: ofClient.processing
        case .completed?: ofClient.completed
        case .failed?: ofClient.failed
        case .cancelled?: ofClient.cancelled
        }
    }

    /// The condition `client > 0` lets the planner use the index of clients, which has no entries for tasks of
    /// anonymous clients.
    static let filterOfClient = "client = $4::int8 AND client > 0 AND id < $2"
    static let orderOfClient = "ORDER BY client DESC, id DESC LIMIT $3"
    /// A condition on a range of clients. It fits no index.
    static let filterOfClients = "client >= $4::int8 AND client <= $5::int8"

    private static let ofClient = (
        any: PostgresStatement(
            "list_any_of_client",
            """
            (\(unfinishedOfClient("true")))
            UNION ALL
            (\(finishedOfClient("true")))
            \(order)
            """),
        queued: PostgresStatement("list_queued_of_client", unfinishedOfClient("worker_id IS NULL")),
        processing: PostgresStatement("list_processing_of_client", unfinishedOfClient("worker_id IS NOT NULL")),
        completed: PostgresStatement("list_completed_of_client", finishedOfClient("outcome = 'completed'")),
        failed: PostgresStatement("list_failed_of_client", finishedOfClient("outcome = 'failed'")),
        cancelled: PostgresStatement("list_cancelled_of_client", finishedOfClient("outcome = 'cancelled'"))
    )

    private static func unfinishedOfClient(_ condition: String) -> String {
        """
        SELECT \(LookUpSQL.unfinishedColumns) FROM task
        WHERE \(condition) AND ($1::text IS NULL OR type = $1) AND \(filterOfClient)
        \(orderOfClient)
        """
    }

    private static func finishedOfClient(_ condition: String) -> String {
        """
        SELECT \(LookUpSQL.finishedColumns) FROM finished_task
        WHERE \(condition) AND ($1::text IS NULL OR type = $1) AND \(filterOfClient)
        \(orderOfClient)
        """
    }

    private static let filter = "($1::text IS NULL OR type = $1) AND id < $2 AND \(filterOfClients)"
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
        (SELECT \(LookUpSQL.finishedColumns) FROM finished_task
         WHERE \(filterOfType) AND \(filterOfClients) \(orderOfType))
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
            SELECT id FROM task WHERE type = $1::text AND worker_id IS NULL AND \(filterOfClients) ORDER BY rank LIMIT 5000
        )
        SELECT \(LookUpSQL.unfinishedColumns) FROM task
        WHERE worker_id IS NULL AND id = ANY (
            CASE WHEN (SELECT count(*) FROM few) < 5000 THEN ARRAY(SELECT id FROM few WHERE id < $2)
            ELSE ARRAY(SELECT id FROM task
                WHERE worker_id IS NULL AND type = $1::text AND id < $2 AND \(filterOfClients) \(order)) END)
        \(order)
        """

    private static let processing = PostgresStatement("list_processing", processingRows)
    private static let processingRows = """
        SELECT \(LookUpSQL.unfinishedColumns) FROM task
        WHERE worker_id IS NOT NULL AND id = ANY (ARRAY(
            SELECT id FROM task
            WHERE worker_id IS NOT NULL AND ($1::text IS NULL OR type = $1) AND (id < $2) IS TRUE AND \(filterOfClients)))
        \(order)
        """

    private static let completed = finished("list_completed", "completed", "\(filter) \(order)")
    private static let completedOfType = finished(
        "list_completed_of_type", "completed", "\(filterOfType) AND \(filterOfClients) \(orderOfType)")
    private static let failed = finished("list_failed", "failed", "\(filter) \(order)")
    private static let cancelled = finished("list_cancelled", "cancelled", "\(filter) \(order)")

    private static func finished(_ name: String, _ outcome: String, _ rest: String) -> PostgresStatement {
        PostgresStatement(
            name, "SELECT \(LookUpSQL.finishedColumns) FROM finished_task WHERE outcome = '\(outcome)' AND \(rest)")
    }
}
