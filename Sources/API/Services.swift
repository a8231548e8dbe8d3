internal import AdminAccess
internal import Queue

/// What handlers work with.
struct Services: Sendable {
    let queue: QueueClient
    /// The node's name, as `GET /health` tells it.
    let node: String
    let adminAccess: AdminAccess
}
