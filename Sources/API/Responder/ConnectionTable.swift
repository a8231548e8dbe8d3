internal import Synchronization

/// All connections of a node, by the id under which epoll tells of them.
///
/// An id is never used again, so that a thread which is told of a connection too late finds nothing, and not another
/// connection in its place. Only the dispatcher puts in and takes out.
final class ConnectionTable: Sendable {
    private let connections = Mutex<[UInt64: Connection]>([:])

    subscript(id: UInt64) -> Connection? { connections.withLock { $0[id] } }

    var count: Int { connections.withLock { $0.count } }
    var all: [Connection] { connections.withLock { Array($0.values) } }

    func insert(_ connection: Connection) { connections.withLock { $0[connection.id] = connection } }

    /// - Returns: whether it was there.
    func remove(_ connection: Connection) -> Bool {
        connections.withLock { $0.removeValue(forKey: connection.id) != nil }
    }
}
