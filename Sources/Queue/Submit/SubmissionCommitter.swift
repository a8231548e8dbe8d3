internal import Logging
internal import Postgres
internal import Threading

/// Runs transactions of submissions. It repeats a transaction until it knows whether the transaction was committed.
struct SubmissionCommitter {
    /// `all`: the maximum number of runs of a transaction. `rolledBack`: if another node has stored the same tasks
    /// first, the transaction is rolled back and starts over, at most this many times. A rollback costs some
    /// milliseconds. After so many rollbacks, the transaction continues instead. If this leads to a deadlock, it costs
    /// a second.
    private static let maxAttempts = (rolledBack: 9, all: 14)

    var session: SubmissionSession
    private let idempotencyTTL: Duration
    /// How long a transaction may take.
    private let timeout: Duration
    private let logger: Logger
    /// The row of the cache's counters that this thread adds to.
    private let slot = Int16.random(in: 0...255)
    private var refusals = LogThrottle(interval: .seconds(1))
    /// The last transaction had tasks that are shared with others, so the next one may have some.
    private var expectsShared = false
    /// The last transaction had new tasks, so the next one may have some.
    private var expectsNew = false

    init(_ configuration: QueueClient.Configuration, logger: Logger) {
        session = SubmissionSession(configuration.postgres, logger: logger)
        idempotencyTTL = configuration.idempotencyTTL
        timeout = configuration.postgres.responseTimeout
        self.logger = logger
    }

    mutating func commit(_ transaction: inout SubmissionTransaction) throws(QueueError) {
        var inDoubt = InDoubtCommit(at: .now, limit: timeout)
        var attempts = 0
        while true {
            attempts += 1
            var isSent = false
            do {
                let connection = try session.connection(isUrgent: inDoubt.session != nil)
                if let lost = inDoubt.session {
                    let ids = transaction.rows.ids
                    let timeLeft = inDoubt.timeLeft(at: .now)
                    inDoubt.resolved(
                        stored: try session.tasks(ids, storedBy: lost, within: timeLeft, connection))
                }
                transaction.startsOver = attempts <= Self.maxAttempts.rolledBack
                isSent = true
                try attempt(&transaction, stored: inDoubt.stored, connection)
                expectsNew = transaction.rows.hasNewWork
                if expectsNew, !session.isNotifying { session.notifyWorkers(connection) }
                return
            } catch {
                // If an attempt to find out the outcome of an in-doubt commit fails for any reason, make it again in a
                // new session.
                if error.isConnectionLost || inDoubt.session != nil {
                    session.dropIfLost(error)
                    session.drop()
                    let mayBeCommitted = isSent && error.mayHaveTakenEffect
                    if inDoubt.connectionLost(mayBeCommitted ? session.server : nil, at: .now) {
                        sleepCurrentThread(for: InDoubtCommit.pause)
                        continue
                    }
                    guard inDoubt.session != nil else {
                        fail(transaction, error)
                        throw QueueError(error)
                    }
                    logger.error("The outcome of a commit is unknown", metadata: ["error": "\(error)"])
                    throw .outcomeUnknown
                } else if !error.isTransactionRetryable || attempts >= Self.maxAttempts.all {
                    fail(transaction, error)
                    throw QueueError(error)
                }
            }
        }
    }

    /// Runs the transaction once.
    private mutating func attempt(
        _ transaction: inout SubmissionTransaction, stored: Set<TaskID>, _ connection: PostgresConnection
    ) throws(PostgresError) {
        let isExplicit = transaction.isExplicit
        do throws(PostgresError) {
            let begun = isExplicit ? try connection.execute([SubmitSQL.begin.with()] + transaction.keyCalls) : []
            transaction.begin(keys: begun.dropFirst(), stored: stored, expectsShared: expectsShared)
            while true {
                switch transaction.next(slot: slot) {
                case .run(let call, isPlain: true) where expectsNew:
                    // Send the notification directly after the statement, so that the workers learn of the commit at
                    // the same time as this node, and not one round trip later.
                    try connection.send([call])
                    session.notifyWorkers(connection)
                    transaction.settle(try connection.receive()[0])
                case .run(let call, _):
                    try session.receiveNotification(connection)
                    transaction.settle(try connection.execute(call))
                case .startOver(let reason):
                    throw PostgresError(.server, sqlState: "40001", message: reason)
                case .commit:
                    expectsShared = transaction.rows.hasShared
                    guard isExplicit else { return }
                    try connection.execute(transaction.closingCalls(ttl: idempotencyTTL) + [SubmitSQL.commit.with()])
                    return
                }
            }
        } catch {
            if isExplicit, !error.isConnectionLost {
                do { try connection.execute(text: "ROLLBACK") } catch { session.drop() }
            }
            throw error
        }
    }

    private mutating func fail(_ transaction: SubmissionTransaction, _ error: PostgresError) {
        // If the disk is full, every transaction is refused, so only some of the refusals are logged.
        if let count = refusals.count(at: .now) {
            logger.error(
                "The database refused a submission",
                metadata: ["error": "\(error)", "times": .stringConvertible(count)])
        }
        if transaction.hasCommittedWork, let connection = try? session.connection() {
            session.notifyWorkers(connection)
        }
    }
}
