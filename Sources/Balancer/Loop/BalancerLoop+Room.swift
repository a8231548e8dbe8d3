/// Closes idle connections when a loop is close to its maximum number of connections, like nginx's
/// `ngx_drain_connections`.
extension BalancerLoop {
    /// Closes idle connections if at most a sixteenth of `worker_connections` is left. Call it before a connection is
    /// accepted.
    /// - Returns: Whether there is room for one more connection.
    func makeRoom() -> Bool {
        let limit = configuration.maxConnections
        if limit - connections.count <= limit / 16, closeIdle() > 0 {
            logReuse("\(limit) worker_connections are not enough")
        }
        return connections.count < limit
    }

    /// Closes the connections that have been idle longest. An idle connection waits for a request or, after its last
    /// response, for the client to close it.
    /// - Returns: The number of closed connections.
    func closeIdle() -> Int {
        let oldest = connections.oldestIdle()
        for connection in oldest { connection.close() }
        return oldest.count
    }
}
