/// How long a node's statement waits for a row that another session has locked, in milliseconds.
enum LockTimeout: Int {
    /// The timeout of most statements. A row is usually locked for as long as a commit takes. But a worker that is
    /// stopped in the middle of a claim (SIGSTOP, a frozen machine) keeps its locks until it continues. Without a
    /// timeout, it would block all look-ups or submissions of a node, which has only one thread for look-ups and a few
    /// for submissions. The timeout is longer than PostgreSQL's `deadlock_timeout` (1 s), so that PostgreSQL reports a
    /// deadlock as a deadlock.
    case regular = 2000
    /// The timeout while ``LockBisection`` searches for the locked rows of a batch. It is so short that a row may count
    /// as locked although the transaction that locked it is about to commit.
    case probe = 2
    /// The timeout for a row that is known to be locked. It is long enough for the commit of a transaction whose
    /// process is not stopped.
    case retry = 100

    /// The setting for a PostgreSQL session.
    var setting: String { "lock_timeout = \(rawValue)" }
}
