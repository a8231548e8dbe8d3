internal import AdminAccess
internal import Logging
internal import Queue
internal import Tasks

/// The objects that handlers use.
struct Services: Sendable {
    let queue: QueueClient
    /// The task types that clients can submit.
    let types: TaskRegistry
    /// The node's name in `GET /health`.
    let node: String
    let adminAccess: AdminAccess
    let logger: Logger
}
