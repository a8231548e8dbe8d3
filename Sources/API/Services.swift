internal import Logging
internal import Queue
internal import Tasks

/// What handlers depend on.
struct Services: Sendable {
    let queue: QueueClient
    /// The task types that clients can submit.
    let types: TaskRegistry
    /// The node's name in `GET /health`.
    let node: String
    let access: AccessControl
    let logger: Logger
}
