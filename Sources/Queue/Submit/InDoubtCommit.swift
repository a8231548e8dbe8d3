/// Identifies a session of the PostgreSQL server, also after it has ended.
struct ServerSession: Hashable {
    let process: Int32
    /// Microseconds since 1970. Distinguishes the session from a later one with the same process id.
    let startedAt: Int64
}

/// Tracks whether a transaction may have been committed without this node's knowledge. No I/O here.
///
/// When a connection is lost, the server may have committed what was sent to it last. Before the transaction is run
/// again, the lost session must have ended, and the tables must show which tasks are stored. Otherwise a task could be
/// stored twice.
struct InDoubtCommit {
    /// How long a node tries to find out whether the transaction was committed. After that, it answers that the outcome
    /// is unknown.
    static let timeout = Duration.seconds(2)
    /// The pause between two attempts to find out.
    static let pause = Duration.milliseconds(20)

    /// The latest time for the answer to the client.
    private let limit: ContinuousClock.Instant
    /// The time limit for the attempts to find out. Set when the first connection is lost.
    private var deadline: ContinuousClock.Instant?
    /// The session that may have committed; `nil` if no commit is in doubt.
    private(set) var session: ServerSession?
    /// The tasks that are known to be stored by a commit that was in doubt.
    private(set) var stored: Set<TaskID> = []

    /// - Parameter limit: how long the transaction may take, including the attempts to find out if it was committed.
    init(at now: ContinuousClock.Instant, limit: Duration) {
        self.limit = now + limit
    }

    /// The connection was lost while the transaction, or the look-up of its outcome, was underway.
    ///
    /// If several sessions are lost in a row, only the first one can have committed, because the transaction is not
    /// sent again before the outcome of this session is known.
    /// - Parameter session: the session that was used last; `nil` if it cannot have committed anything.
    /// - Returns: `false` if the time is up.
    mutating func connectionLost(_ session: ServerSession?, at now: ContinuousClock.Instant) -> Bool {
        self.session = self.session ?? session
        let deadline = deadline ?? min(limit, now + Self.timeout)
        self.deadline = deadline
        return now < deadline
    }

    /// How long the next attempt to find out may take.
    func timeLeft(at now: ContinuousClock.Instant) -> Duration { max(.zero, (deadline ?? limit) - now) }

    /// The session in doubt has ended, and these tasks of the transaction are stored.
    mutating func resolved(stored: Set<TaskID>) {
        session = nil
        self.stored = stored
    }
}
