/// Counts a peer's connections against `max_conns`.
///
/// A FastCGI responder needs a thread or a child process for each open connection, even an idle one. So idle
/// connections of all loops count too, while nginx counts only busy ones.
extension PeerState {
    mutating func takeConnection(for loop: Int) -> ConnectionSource {
        if idle[loop] > 0 {
            idle[loop] -= 1
            return .idle
        }
        return takeNewConnection()
    }

    /// Like ``takeConnection(for:)``, but never takes an idle connection.
    mutating func takeNewConnection() -> ConnectionSource {
        if specification.maxConns > 0, connections >= specification.maxConns,
            let holder = idle.firstIndex(where: { $0 > 0 })
        {
            return .reclaim(fromLoop: holder)
        }
        connections += 1
        return .open
    }

    /// - Returns: whether the connection may stay open
    mutating func endConnection(_ end: ConnectionEnd, of loop: Int, isMember: Bool) -> Bool {
        switch end {
        case .none:
            return false
        case .idle
        where isMember && !specification.isDown
            && (specification.maxConns == 0 || connections <= specification.maxConns):
            idle[loop] += 1
            return true
        case .idle, .closed:
            connections -= 1
            return false
        }
    }
}
