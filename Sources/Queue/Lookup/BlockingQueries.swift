internal import Logging
internal import Postgres

/// Queries that block their caller, on connections of a small pool.
struct BlockingQueries: Sendable {
    /// How long a caller waits for a connection.
    static let poolTimeout = Duration.seconds(2)
    private static let maxAttempts = 3

    private let pool: ConnectionPool
    private let logger: Logger

    init(_ pool: ConnectionPool, logger: Logger) {
        self.pool = pool
        self.logger = logger
    }

    /// Runs statements that may be run twice (if the connection is lost).
    func run<Value>(_ body: (PostgresConnection) throws -> Value) throws(QueueError) -> Value {
        try run(maxAttempts: Self.maxAttempts, body)
    }

    /// Runs a change that must not be made twice. If the connection is lost, the change may have been made.
    func change<Value>(_ body: (PostgresConnection) throws -> Value) throws(QueueError) -> Value {
        try run(maxAttempts: 1, body)
    }

    private func run<Value>(
        maxAttempts: Int, _ body: (PostgresConnection) throws -> Value
    ) throws(QueueError) -> Value {
        var attempts = 0
        while true {
            attempts += 1
            do {
                return try pool.withConnection(timeout: Self.poolTimeout, body)
            } catch let error as PostgresError {
                // A server that was silent for seconds is not asked again, because the caller waits.
                let isRetryable =
                    error.kind == .connectionLost || error.kind == .readOnly || error.isTransactionRetryable
                if attempts < maxAttempts, isRetryable { continue }
                let failure = QueueError(error)
                if failure == .internalError {
                    logger.error("The database refused a statement", metadata: ["error": "\(error)"])
                }
                throw failure
            } catch {
                throw .internalError
            }
        }
    }

    /// The clients by the digests of their keys.
    func clients() throws(QueueError) -> [[UInt8]: Client] { try run { try ClientTable.byDigest($0) } }

    func close() { pool.close() }
}
