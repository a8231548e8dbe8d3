/// Closes idle connections when a loop is close to its maximum number of connections, like nginx's
/// `ngx_drain_connections`.
extension BalancerLoop {
    /// Call it before a connection is accepted. If less than a sixteenth of `worker_connections` is left, it closes
    /// idle connections.
    /// - Returns: Whether there is room for one more connection.
    func makeRoom() -> Bool {
        let limit = configuration.maxConnections
        if limit - connections.count <= limit / 16, closeIdle() > 0 {
            logReuse("\(limit) worker_connections are not enough")
        }
        return connections.count < limit
    }

    /// Closes the connections that have been idle longest. They wait for a request, or, after the last response, for
    /// the client to close.
    /// - Returns: The number of closed connections.
    func closeIdle() -> Int {
        let oldest = connections.oldestIdle()
        for connection in oldest { connection.close() }
        return oldest.count
    }
}
