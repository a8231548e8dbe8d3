/// What a loop does when it has nearly as many connections as it may: nginx's `ngx_drain_connections`.
extension BalancerLoop {
    /// Called before a connection is accepted. When less than a sixteenth of `worker_connections` is left, idle
    /// connections are closed.
    /// - Returns: Whether there is room for one more.
    func makeRoom() -> Bool {
        let limit = configuration.maxConnections
        if limit - connections.count <= limit / 16, closeIdle() > 0 {
            logReuse("\(limit) worker_connections are not enough")
        }
        return connections.count < limit
    }

    /// Closes the connections that have been idle longest: they wait for a request, or for the end of a client that has its
    /// response.
    /// - Returns: How many.
    func closeIdle() -> Int {
        let oldest = connections.oldestIdle()
        for connection in oldest { connection.close() }
        return oldest.count
    }
}
