/// Why the queue could not do what it was asked to do. The descriptions are safe to show to a client.
package enum QueueError: Error, Hashable, CustomStringConvertible {
    /// Nothing was stored. Another attempt may succeed in a moment.
    case databaseUnavailable
    /// The schema of the database is missing or does not fit this program. Nothing was stored.
    /// - Parameter advice: what is wrong with the schema, and what to do.
    case schemaUnfit(advice: String)
    /// Another session has kept a row locked for seconds, most likely because its process is stopped; or the
    /// transaction conflicted with others again and again. Nothing was changed.
    case locked
    /// The connection was lost during the commit, and the database did not come back in time to find out the outcome.
    /// The tasks may or may not have been accepted.
    case outcomeUnknown
    /// The queue has reached its limit. Nothing was stored.
    case queueFull
    /// Another submission with the same idempotency key is being stored. Nothing of the refused submission was stored.
    case keyUnderWay
    /// The idempotency key was used for another submission. Nothing was stored.
    case keyOfAnotherRequest
    case shuttingDown
    /// Only in a worker: its session is not registered, or was lost. Its claimed tasks belong to others now.
    case sessionLost
    /// The database answered with an unexpected error. The details are in the log.
    case internalError

    package var description: String {
        switch self {
        case .databaseUnavailable: "the database is out of reach"
        case .schemaUnfit(let advice): advice
        case .locked: "another process keeps a lock on this in the database"
        case .outcomeUnknown: "the database was lost while it stored the tasks; they may or may not have been accepted"
        case .queueFull: "the queue is full"
        case .keyUnderWay: "the first request with this key is under way"
        case .keyOfAnotherRequest: "this key belongs to another request"
        case .shuttingDown: "this node is shutting down"
        case .sessionLost: "the worker's database session was lost"
        case .internalError: "the database refused the operation"
        }
    }
}
