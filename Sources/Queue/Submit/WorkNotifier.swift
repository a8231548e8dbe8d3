internal import Postgres

/// Sends the notification that there is new work, without waiting for the server's answer.
///
/// The answer is read before the session is used again. An error in it does not matter: the tasks are stored, and the
/// workers' safety poll finds them a little later.
struct WorkNotifier {
    /// The number (``DatabaseLink/sessions``) of the session whose answer has not been read.
    private var pendingSession: Int?

    /// The answer to a notification has not been read yet.
    var isPending: Bool { pendingSession != nil }

    mutating func send(_ connection: PostgresConnection, session: Int) throws(PostgresError) {
        try connection.send([NotifySQL.work.with()])
        pendingSession = session
    }

    /// Reads the answer, if there is one to read.
    /// - Throws: only if the connection is lost.
    mutating func receive(_ connection: PostgresConnection, session: Int) throws(PostgresError) {
        guard let pendingSession else { return }
        self.pendingSession = nil
        // A session that was lost does not answer any more.
        guard pendingSession == session else { return }
        do {
            _ = try connection.receive()
        } catch {
            if error.isConnectionLost { throw error }
        }
    }
}
