/// Run-time parameters of the queue's sessions: one fixed plan for each statement.
///
/// PostgreSQL chooses a plan by the statistics of the moment, and keeps it for a prepared statement. A plan made while
/// the queue was empty reads whole tables, which is right for three rows and a disaster for a million. Planning anew
/// each time (`force_custom_plan`) costs more than running these statements, and depends on fresh statistics still. But
/// each of them has one right plan, at any size: walk an index, one row at a time from what the statement was given.
/// Nor may the plan depend on what a table is said to hold: a plan made when statistics said "nothing" would read an
/// index from end to end and look for each row in the few that the statement was given, and went on so with 100,000
/// tasks for as long as nobody analyzed the table: a claim took 1,070 ms instead of 4. So a statement that writes names
/// the rows' ids itself, as an array (`id = ANY (…)`), where a join alone would leave the planner the choice;
/// and one that locks what a worker holds finds the ids first, as to have them in order it would walk the primary key.
/// One that reads by key asks for the order of that key, which no other index has: while a table is said to be empty, to
/// read another index from end to end seems to cost as little, or less.
/// So the other ways are closed, the plan is made once, and `EXPLAIN` in the tests says which one it is.
package enum SessionSettings {
    package static let fixedPlans = [
        isolation, "plan_cache_mode = force_generic_plan", "enable_seqscan = off", "enable_bitmapscan = off",
        "enable_hashjoin = off", "enable_mergejoin = off", "enable_sort = off", "enable_hashagg = off",
        // An index read from end to end and kept in memory, once for a statement: right for an empty cache.
        "enable_material = off", "enable_memoize = off",
        "max_parallel_workers_per_gather = 0", "jit = off",
    ]

    /// Each statement sees what was committed before it, whatever is the rule for the database or the role: that of identical
    /// tasks one is unfinished takes a look with a newer snapshot than the insertion's (`withdraw_overtaken`).
    private static let isolation = "default_transaction_isolation = 'read committed'"

    /// Of a node: it waits no longer than this for a row that another session has locked. As a rule that takes as long as
    /// a commit. But a worker that is stopped in the middle of a claim (SIGSTOP, a frozen machine) keeps what it locked
    /// until it goes on, and a node has one thread for all look-ups and one for all submissions. More than PostgreSQL's
    /// `deadlock_timeout` (1 s): a deadlock is still told as one.
    package static let node = fixedPlans + [nodePatience]
    static let nodePatience = "lock_timeout = 2000"
    /// Where it is known that somebody has something locked, and to be found out what. What a transaction locks that is
    /// about to commit counts as well.
    static let glance = "lock_timeout = 2"
    /// Where that has been found out: time for the commit of a transaction that is not stopped.
    static let hurry = "lock_timeout = 100"
}
