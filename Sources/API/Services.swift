internal import AdminAccess
internal import Queue
internal import Tasks

/// What handlers work with.
struct Services: Sendable {
    let queue: QueueClient
    let types: TaskRegistry
    /// The node's name, as `GET /health` tells it.
    let node: String
    let adminAccess: AdminAccess
}
