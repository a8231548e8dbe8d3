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
    func run(_ body: (PostgresConnection) throws -> PostgresResult) throws(QueueError) -> PostgresResult {
        var attempts = 0
        while true {
            attempts += 1
            do {
                return try pool.withConnection(timeout: Self.poolTimeout, body)
            } catch let error as PostgresError {
                // A server that was silent for seconds is not asked again, because the caller waits.
                let isRetryable =
                    error.kind == .connectionLost || error.kind == .readOnly || error.isTransactionRetryable
                if attempts < Self.maxAttempts, isRetryable { continue }
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

    func close() { pool.close() }
}
