/// Run-time parameters of the queue's sessions: they make each statement have one fixed plan.
///
/// PostgreSQL chooses a plan by the statistics of the moment, and keeps it for a prepared statement. A plan that was
/// made while the queue was empty reads whole tables. That is right for three rows, and far too slow for a million. To
/// plan for each execution (`force_custom_plan`) costs more than the statements themselves, and still depends on fresh
/// statistics. But each statement here has one right plan, at any size: walk an index, one row at a time, starting from
/// what the statement was given. So the other kinds of plans are switched off, the plan is made once, and `EXPLAIN` in
/// the tests checks which one it is.
///
/// The plan must not depend on what a table is estimated to hold, either. A plan that was made while the statistics
/// said "empty" read an index from end to end and searched for each row in the few that the statement was given. It did
/// so with 100,000 tasks as well, until somebody analyzed the table: a claim took 1,070 ms instead of 4. Hence:
/// - A statement that writes names the ids of the rows itself, as an array (`id = ANY (…)`), where a join alone would
///   leave the planner a choice.
/// - A statement that locks what a worker holds finds the ids first; otherwise it would walk the primary key, to have
///   the rows in order.
/// - A statement that reads by key asks for the order of that key, which no other index has. While a table is estimated
///   to be empty, reading another index from end to end seems to cost as little or less.
package enum SessionSettings {
    package static let fixedPlans = [
        isolation, "plan_cache_mode = force_generic_plan", "enable_seqscan = off", "enable_bitmapscan = off",
        "enable_hashjoin = off", "enable_mergejoin = off", "enable_sort = off", "enable_hashagg = off",
        // These read an index from end to end and keep it in memory for one statement, which is right for an empty
        // cache.
        "enable_material = off", "enable_memoize = off",
        "max_parallel_workers_per_gather = 0", "jit = off",
    ]

    /// Each statement sees what was committed before it, whatever the default of the database or the role is. That at
    /// most one of several identical tasks is unfinished depends on it: `withdraw_overtaken` needs a newer snapshot
    /// than the insertion's.
    private static let isolation = "default_transaction_isolation = 'read committed'"

    /// The settings of a node's sessions. They limit how long a statement waits for a lock (``LockTimeout/regular``).
    package static let node = fixedPlans + [LockTimeout.regular.setting]
}
