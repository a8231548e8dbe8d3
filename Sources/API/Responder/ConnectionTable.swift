internal import Synchronization

/// All connections of a node, by the id that their epoll events carry.
///
/// Ids are never reused. So if a thread gets a late event of a closed connection, it finds no connection, and not a
/// wrong one. Only the dispatcher inserts and removes.
final class ConnectionTable: Sendable {
    private let connections = Mutex<[UInt64: FastCGIConnection]>([:])

    subscript(id: UInt64) -> FastCGIConnection? { connections.withLock { $0[id] } }

    var count: Int { connections.withLock { $0.count } }
    var all: [FastCGIConnection] { connections.withLock { Array($0.values) } }

    func insert(_ connection: FastCGIConnection) { connections.withLock { $0[connection.id] = connection } }

    /// - Returns: whether the table contained the connection.
    func remove(_ connection: FastCGIConnection) -> Bool {
        connections.withLock { $0.removeValue(forKey: connection.id) != nil }
    }
}
