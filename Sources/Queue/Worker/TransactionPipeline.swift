internal import Postgres

/// The worker transactions that are underway in a session. A transaction may be sent before the previous one is
/// answered, so that the database goes from one to the next without waiting for this process.
final class TransactionPipeline {
    private struct Batch {
        let calls: [PostgresCall]
        /// `nil`: the batch notifies of finished tasks, or removes strays.
        let transaction: WorkerTransaction?
        var runs = 0
    }

    /// The maximum number of runs of a transaction that the server rolls back for a reason that is probably gone now.
    private static let maxRuns = 5

    private let connection: PostgresConnection
    /// The batches whose results have not arrived yet, in the order in which they were sent.
    private var sent: [Batch] = []

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// No worker transaction is underway.
    var isEmpty: Bool { !sent.contains { $0.transaction != nil } }

    func begin(_ transaction: WorkerTransaction) throws(PostgresError) {
        try send(Batch(calls: transaction.calls, transaction: transaction))
    }

    /// Waits for the result of the oldest transaction. A transaction that has to be sent again becomes the newest one.
    /// Then `finish` tells the nodes about finished tasks that somebody waits for. If no other transaction is underway,
    /// this notification is committed when `finish` returns.
    func finish() throws(PostgresError) -> (WorkerTransaction, [PostgresResult]) {
        while true {
            guard let (batch, results) = try receive(), let transaction = batch.transaction else { continue }
            let awaited = transaction.awaited(results)
            if !awaited.isEmpty {
                try send(Batch(calls: [NotifySQL.done.with(.uuids(awaited))], transaction: nil))
            }
            while isEmpty, !sent.isEmpty { _ = try receive() }
            return (transaction, results)
        }
    }

    /// Waits for the oldest batch.
    ///
    /// If a batch would finish a task that is finished already, that task is removed from the queue and the batch is
    /// sent again. If the session were given up instead, each worker that claims the task would lose its session.
    /// - Returns: `nil` if the batch was sent again.
    private func receive() throws(PostgresError) -> (Batch, [PostgresResult])? {
        let batch = sent.removeFirst()
        do throws(PostgresError) {
            return (batch, try connection.receive())
        } catch {
            let removal = error.isDuplicate ? batch.transaction?.strayRemoval : nil
            guard removal != nil || error.isWorthAnotherRun, batch.runs < Self.maxRuns else { throw error }
            if let removal { try send(Batch(calls: [removal], transaction: nil)) }
            try send(batch)
            return nil
        }
    }

    private func send(_ batch: Batch) throws(PostgresError) {
        try connection.send(batch.calls)
        sent.append(Batch(calls: batch.calls, transaction: batch.transaction, runs: batch.runs + 1))
    }
}
