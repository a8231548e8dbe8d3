/// Finds out whether several clients share the server's sessions. They do if a connection pooler gives a client a
/// server session for only one transaction at a time (PgBouncer's transaction mode and statement mode).
///
/// A pooler answers a new client itself, so the process id that libpq learns is not that of a server process. This
/// alone is no problem, because in session mode a client keeps its server session. So if there is a pooler, the check
/// compares the server processes of two connections that are open at the same time. Sessions are shared if both
/// connections have the same server process, or if the server process of one connection changes between two
/// transactions. Neither can happen without such a pooler.
package enum SharedSessions {
    /// How often the two connections are compared. One comparison is not enough: between two statements, other clients
    /// of the pooler may take or release server sessions.
    private static let rounds = 4

    /// Makes up to two connections, and closes them.
    package static func exist(_ configuration: PostgresConfiguration) throws(PostgresError) -> Bool {
        let first = try PostgresConnection(configuration)
        var last = try process(of: first)
        guard last != first.serverProcess else { return false }
        let second: PostgresConnection
        do {
            second = try PostgresConnection(configuration)
        } catch {
            // The pooler has only one server session. The first connection keeps it, so the second one waited for it.
            if error.kind == .timedOut { return false }
            throw error
        }
        for _ in 0..<rounds {
            do {
                try second.execute(text: "BEGIN")
            } catch {
                // In statement mode, PgBouncer refuses transactions.
                if error.message.contains("statement pooling") { return true }
                throw error
            }
            if try process(of: second) == last { return true }
            if try process(of: first) != last { return true }
            try second.execute(text: "COMMIT")
            // If the pooler uses its server sessions in turn, it gives the first connection another one now.
            let next = try process(of: first)
            if next != last { return true }
            last = next
        }
        return false
    }

    private static func process(of connection: PostgresConnection) throws(PostgresError) -> Int32 {
        Int32(try connection.execute("SELECT pg_backend_pid()").integer(0, 0) ?? 0)
    }
}
