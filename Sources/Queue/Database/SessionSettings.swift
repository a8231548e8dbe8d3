/// Run-time parameters of the queue's sessions. With them, each statement has one fixed plan.
///
/// By default, PostgreSQL chooses a plan from the current statistics and may keep it for a prepared statement. If the
/// queue is empty at that time, the plan reads whole tables. This is right for three rows, and far too slow for a
/// million. Planning each execution (`force_custom_plan`) costs more than the statements themselves, and still depends
/// on fresh statistics.
///
/// But each statement here has one right plan for every table size: it walks an index, one row at a time, from the
/// values that the statement was given. So these settings disable the other kinds of plans. PostgreSQL makes the plan
/// once, and tests check it with `EXPLAIN`.
///
/// The plan must not depend on the estimated size of a table either. If a table is estimated to be empty, a scan of a
/// whole index seems to cost no more than a search in the right index. With such a plan, a claim from 100,000 tasks
/// takes 1,070 ms instead of 4 ms until the next ANALYZE. So the statements follow these rules:
/// - A statement that writes selects its rows by an array of ids (`id = ANY (…)`). With only a join, the planner could
///   choose another plan.
/// - A statement that locks the tasks of a worker finds their ids first. Otherwise the plan would scan the primary key,
///   to get the rows in order.
/// - A statement that reads by a key has an `ORDER BY` with this key. Only the right index has this order.
package enum SessionSettings {
    package static let fixedPlans = [
        isolation, "plan_cache_mode = force_generic_plan", "enable_seqscan = off", "enable_bitmapscan = off",
        "enable_hashjoin = off", "enable_mergejoin = off", "enable_sort = off", "enable_hashagg = off",
        // A plan with Material or Memoize reads a whole index and keeps its rows in memory during the statement. That
        // is right only while the result cache is empty.
        "enable_material = off", "enable_memoize = off",
        "max_parallel_workers_per_gather = 0", "jit = off",
    ]

    /// Each statement sees what was committed before it, whatever the default of the database or the role is.
    /// `withdraw_overtaken` needs this: its snapshot must be newer than that of the insertion. Otherwise several
    /// identical tasks could be unfinished at the same time.
    private static let isolation = "default_transaction_isolation = 'read committed'"

    /// The settings of a node's sessions. They limit how long a statement waits for a lock (``LockTimeout/regular``).
    package static let node = fixedPlans + [LockTimeout.regular.setting]
}
