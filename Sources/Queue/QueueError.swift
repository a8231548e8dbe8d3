/// Why the queue could not do what it was asked. The descriptions are safe to show to a client.
package enum QueueError: Error, Hashable, CustomStringConvertible {
    /// Nothing was stored; worth another try in a moment.
    case databaseUnavailable
    /// Somebody else has had it locked for seconds, a process that is stopped, most likely; or others got in its way again and
    /// again. Nothing was changed.
    case locked
    /// The connection was lost at the very moment of the commit and did not come back in time: the tasks may have been
    /// accepted or not.
    case outcomeUnknown
    /// As many tasks are queued as the limit allows. Nothing was stored.
    case queueFull
    /// A submission with the same key is being stored. Nothing was stored of this one.
    case keyUnderWay
    /// The key belongs to a submission of something else. Nothing was stored.
    case keyOfAnotherRequest
    case shuttingDown
    /// A worker only: its session is not registered, or it was lost. What it had claimed belongs to others now.
    case sessionLost
    /// The database answered with an error of its own; the details are in the log.
    case internalError

    package var description: String {
        switch self {
        case .databaseUnavailable: "the database is out of reach"
        case .locked: "the database has this locked for another process"
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
