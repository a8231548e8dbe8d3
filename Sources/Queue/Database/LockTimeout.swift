/// How long a node's statement waits for a row that another session has locked. Milliseconds.
enum LockTimeout: Int {
    /// The rule. To wait for a row usually takes as long as a commit. But a worker that is stopped in the middle of a
    /// claim (SIGSTOP, a frozen machine) keeps its locks until it goes on, and a node has one thread for all look-ups
    /// and one for all submissions. It is longer than PostgreSQL's `deadlock_timeout` (1 s), so that a deadlock is
    /// reported as one.
    case regular = 2000
    /// To find out which of many rows is locked. A transaction that is about to commit fails this as well.
    case probe = 2
    /// For a row that is known to be locked: enough time for a transaction that is not stopped to commit.
    case retry = 100

    /// As a run-time parameter of a session.
    var setting: String { "lock_timeout = \(rawValue)" }
}
