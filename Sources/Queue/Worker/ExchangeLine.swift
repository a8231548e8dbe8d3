internal import Postgres

/// The exchanges that are underway in a session: sent one behind the other, so that the database goes from one to the
/// next without waiting for this process.
final class ExchangeLine {
    /// One transaction.
    private struct Batch {
        let calls: [PostgresCall]
        /// `nil`: it tells of finished tasks, or removes strays.
        let exchange: Exchange?
        var runs = 0
    }

    /// How often a transaction is run that the server rolls back for a reason that another run need not meet.
    private static let runs = 5

    private let connection: PostgresConnection
    /// In the order in which they were sent.
    private var sent: [Batch] = []

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// No exchange is underway.
    var isEmpty: Bool { !sent.contains { $0.exchange != nil } }

    func begin(_ exchange: Exchange) throws(PostgresError) {
        try send(Batch(calls: exchange.calls, exchange: exchange))
    }

    /// Waits for an exchange, the oldest one unless that had to be sent again, and tells the nodes of the finished tasks
    /// that somebody waits for; once no other is underway, that is done when this returns.
    func finish() throws(PostgresError) -> (Exchange, [PostgresResult]) {
        while true {
            guard let (batch, results) = try answered(), let exchange = batch.exchange else { continue }
            let awaited = exchange.awaited(results)
            if !awaited.isEmpty {
                try send(Batch(calls: [NotifySQL.done.with(.uuids(awaited))], exchange: nil))
            }
            while isEmpty, !sent.isEmpty { _ = try answered() }
            return (exchange, results)
        }
    }

    /// Waits for the oldest batch. One that would finish what is finished already takes that out of the queue and is sent
    /// again: were the session given up instead, each worker that claims it would lose its own.
    /// - Returns: `nil` if it was sent again.
    private func answered() throws(PostgresError) -> (Batch, [PostgresResult])? {
        let batch = sent.removeFirst()
        do throws(PostgresError) {
            return (batch, try connection.receive())
        } catch {
            let removal = error.isDuplicate ? batch.exchange?.strayRemoval : nil
            guard removal != nil || error.isWorthAnotherRun, batch.runs < Self.runs else { throw error }
            if let removal { try send(Batch(calls: [removal], exchange: nil)) }
            try send(batch)
            return nil
        }
    }

    private func send(_ batch: Batch) throws(PostgresError) {
        try connection.send(batch.calls)
        sent.append(Batch(calls: batch.calls, exchange: batch.exchange, runs: batch.runs + 1))
    }
}
