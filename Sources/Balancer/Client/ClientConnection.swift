internal import Reactor

/// What a loop needs to know of a client's connection, independent of the connection's protocol.
protocol ClientConnection: AnyObject {
    /// The connection's index in its loop's ``ClientConnectionTable``.
    var placeInLoop: Int { get set }
    /// Whether the connection can be closed without losing a request.
    var isIdle: Bool { get }
    /// When the connection last became idle.
    var idleSince: MonotonicTime { get }
    /// The state in which `stub_status` counts the connection.
    var activity: ConnectionActivity { get }
    /// Closes the connection as soon as no request is in progress, because the loop is about to end.
    func drain()
    /// Gives up the request in progress, and closes the connection.
    func abort()
    func close()
}

/// The states in which `stub_status` counts connections.
enum ConnectionActivity: Sendable, Hashable {
    /// Between requests.
    case waiting
    /// Receiving the head of a request.
    case reading
    /// A request is in progress.
    case writing
    case closed
}
