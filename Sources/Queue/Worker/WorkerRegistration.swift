internal import Logging
internal import Postgres

/// A registered session: its connection holds the advisory lock of the worker's id.
struct WorkerRegistration {
    let connection: PostgresConnection
    let worker: Int32
    let pipeline: TransactionPipeline

    /// Connects and registers as a new worker.
    /// - Parameter lastWorker: the id of the session that this process had before; 0 if it had none.
    init(
        _ configuration: WorkerSession.Configuration, lastWorker: Int32, logger: Logger
    ) throws(PostgresError) {
        connection = try PostgresConnection(
            configuration.postgres.answered(within: AnswerTimeout.worker), settings: SessionSettings.fixedPlans)
        try SchemaCheck.check(connection, logger: logger)
        worker = Int32(try connection.execute(WorkerSQL.newID.with()).integer(0, 0) ?? 0)
        // The lock is taken before the row is inserted, because a row without a lock stands for a dead worker.
        guard try connection.execute(WorkerSQL.lock.with(.int4(worker))).bool(0, 0) == true else {
            throw PostgresError(.server, message: "another session holds the lock of a new worker")
        }
        try connection.execute([
            WorkerSQL.register.with(.int4(worker), .text(configuration.name)),
            WorkerSQL.markProcessAlive.with(.int4(lastWorker)), WorkerSQL.clearSuspects.with(.int4(lastWorker)),
        ])
        try connection.execute(text: "LISTEN millrace_work")
        pipeline = TransactionPipeline(connection)
    }
}
