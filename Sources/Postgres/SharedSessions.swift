/// Finds out whether the server's sessions are shared by several clients: by a connection pooler that gives a client a
/// server session for one transaction at a time (PgBouncer's transaction mode and statement mode).
///
/// A pooler answers a new client itself, so the process id that libpq learns is not that of a server process. This alone
/// is no problem, because in session mode a client keeps its server session. So if there is a pooler, the check compares
/// the server processes of two connections that are open at the same time. Sessions are shared if both have the same
/// one, or if one of them gets another one between two transactions. Neither can happen without such a pooler.
package enum SharedSessions {
    /// How often the two connections are compared. Other clients of the pooler may come between two statements.
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
            // The pool has one server session, and the first client keeps it.
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
            // A pooler that uses its server sessions in turn gives the client the next one.
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
