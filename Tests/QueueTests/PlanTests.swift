import Postgres
import Tasks
import TestSupport
import Testing

@testable import Queue

/// Plans that are made on an empty database are still right when it is full: no statement of the hot path reads a whole
/// table.
@Suite struct Plans {
    let bench: Bench

    init() throws { bench = try Bench() }

    /// The parameters of ``SubmitSQL/submit`` and ``SubmitSQL/insert``.
    private static let submission = """
        ARRAY[gen_random_uuid()], ARRAY['a'], ARRAY[''::bytea], ARRAY[''::bytea], ARRAY[0::int2], ARRAY[now()],
        ARRAY[1::int2], ARRAY[true], ARRAY[true], ARRAY[1], 1::int2, ARRAY[true], true,
        ARRAY[NULL::bytea], gen_random_uuid(), gen_random_uuid(), ARRAY[0::int8]
        """

    /// The plan of a statement that this session has prepared.
    private func plan(
        _ statement: PostgresStatement, _ arguments: String, _ connection: PostgresConnection
    ) throws -> String {
        let list = arguments.isEmpty ? "" : "(\(arguments))"
        let rows = try connection.execute("EXPLAIN EXECUTE \(statement.name)\(list)")
        return (0..<rows.rowCount).compactMap { rows.text($0, 0) }.joined(separator: "\n")
    }

    /// The plans of the statements of the hot path. The first one is that of the claim.
    private func plans(_ connection: PostgresConnection) throws -> [String] {
        let ids = "ARRAY[gen_random_uuid()]"
        return [
            try plan(WorkerSQL.claim, "1, 100, ARRAY['sha256'], true, 2, ARRAY[NULL::int8]", connection),
            try plan(WorkerSQL.lockBounds, "ARRAY['sha256']", connection),
            try plan(LookUpSQL.read, "\(ids), gen_random_uuid(), gen_random_uuid()", connection),
            try plan(LookUpSQL.markAwaited, ids, connection),
            try plan(WorkerSQL.nextDue, "ARRAY['sha256'], ARRAY[-1::int8]", connection),
            try plan(
                FinishSQL.complete, "1, \(ids), ARRAY['1'], 1, 1::int2, 'w'", connection),
            try plan(FinishSQL.fail, "1, \(ids), ARRAY['x'], ARRAY[true], 'w', true", connection),
            try plan(WorkerSQL.giveBack, "1, \(ids)", connection),
            try plan(WorkerSQL.giveBackAll, "1", connection),
            try plan(LookUpSQL.attempts, "gen_random_uuid(), 0, 0", connection),
            try plan(FinishSQL.recover, "1, true", connection),
            try plan(FinishSQL.removeStrays, "1, \(ids), gen_random_uuid(), gen_random_uuid()", connection),
            try plan(WorkerSQL.clearSuspects, "1", connection),
            try plan(LookUpSQL.cancel, "gen_random_uuid(), gen_random_uuid(), true, 0, 0", connection),
            try plan(IdempotencySQL.read, "ARRAY[''::bytea], ARRAY[''::bytea]", connection),
            try plan(SubmitSQL.submit, Self.submission, connection),
            try plan(SubmitSQL.insert, Self.submission, connection),
            try plan(SubmitSQL.known, "\(ids), gen_random_uuid(), gen_random_uuid()", connection),
            try plan(FinishSQL.lock, "1, \(ids)", connection),
        ]
    }

    /// Whether each scan of a large index searches for given keys.
    private func readsByKey(_ plan: String) -> Bool {
        let lines = plan.split(separator: "\n")
        return zip(lines, lines.dropFirst() + [""]).allSatisfy { line, next in
            // An exception: to count the running tasks of a bounded type, the index of all running tasks is read.
            if line.contains("task_owner on"), next.contains("Filter: (type = s.type)") { return true }
            if line.contains("type_id_idx on") { return next.contains("Index Cond: ((type = ") }
            guard
                ["_expiry on", "_pkey on", "task_single_flight", "task_owner"].contains(where: { line.contains($0) }),
                !line.contains("task_type")
            else { return true }
            let isOneKey = next.firstMatch(of: /\(\w+ >= ([^)]+)\) AND \(\w+ <= ([^)]+)\)/).map { $0.1 == $0.2 }
            return next.contains("Index Cond") && (next.contains(" = ") || isOneKey == true)
        }
    }

    @Test(arguments: [false, true])
    func `Plans that are made while the queue is empty walk indexes, and still do with 200,000 tasks`(
        _ wasFull: Bool
    ) throws {
        let connection = try PostgresConnection(bench.postgres, settings: SessionSettings.fixedPlans)
        try Partitions(connection, logger: Bench.logger).make(from: CivilDay(.now), days: 3)
        let none: [TaskID] = []
        // Prepare and run the statements while the tables are empty.
        var batch = SubmissionRows()
        let secret = KeyedDigest(secret: [1])
        batch.add([Submission(task: task("first"))], isAwaited: false, mayQueue: false, secret: secret)
        let submit = batch.call(slot: 1, isPlain: false)
        let insert = batch.call(slot: 1, isPlain: true)
        try connection.execute([
            WorkerSQL.lockBounds.with(.texts([])),
            WorkerSQL.claim.with(.int4(1), .int8(10), .texts([]), .bool(true), .int8(2), .integers([])),
            LookUpSQL.read.with(ids: none),
            LookUpSQL.markAwaited.with(.uuids(none)), WorkerSQL.nextDue.with(.texts([]), .integers([])), submit, insert,
            FinishedAttempts([TaskCompletion(id: TaskID(), outcome: .completed(result: [0x31]))])
                .completion(worker: 1, name: "w", ttl: .seconds(1), slot: 1)!,
            FinishedAttempts([TaskCompletion(id: TaskID(), outcome: .failed(message: "x", isRetryable: true))])
                .failure(worker: 1, name: "w", keepsInput: false)!,
            WorkerSQL.giveBack.with(.int4(-1), .uuids(none)), WorkerSQL.giveBackAll.with(.int4(-1)),
            IdempotencySQL.read.with(PostgresArray(.bytea).value, PostgresArray(.bytea).value),
            LookUpSQL.attempts.with(.uuid(TaskID()), .int8(0), .int8(0)),
            LookUpSQL.cancel.with(.uuid(TaskID()), .uuid(TaskID()), .bool(true), .int8(0), .int8(0)),
            FinishSQL.recover.with(.int4(-1), .bool(false)),
            FinishSQL.removeStrays.with(.int4(-1), .uuids(none), .uuid(TaskID()), .uuid(TaskID())),
            WorkerSQL.clearSuspects.with(.int4(-1)),
            LookUpSQL.completedPage.with(
                PostgresArray(.text).value, .uuid(TaskID()), .int8(10), .int8(0), .int8(0)),
            SubmitSQL.known.with(ids: none), FinishSQL.lock.with(.int4(1), .uuids(none)),
        ])
        // Statistics of empty tables are worse than none: they make the read of a whole table look cheapest.
        if wasFull { try leaveDeadRows() }
        try bench.database.sql("ANALYZE")
        let early = try plans(connection)
        for plan in early { #expect(readsByKey(plan), "\(plan)") }
        // The tasks that a worker finishes are found by their ids, in the order of the ids.
        for plan in [early[5], early[6], early[7], early[11], early[18]] {
            #expect(plan.contains("task_pkey on task") && !plan.contains("task_owner"), "\(plan)")
        }
        try bench.database.sql(
            """
            INSERT INTO task (id, type, priority, max_attempts, awaited, run_at, created_at, cache_key, input)
            SELECT gen_random_uuid(), 'sha256', 0, 5, false, now(), now(), sha256(n::text::bytea), '{}'
            FROM generate_series(1, 200000) n;
            ANALYZE
            """)
        let plans = try plans(connection)
        let claim = plans[0]
        #expect(claim.contains("Index Scan using task_rank on task"))
        #expect(claim.contains("Index Scan using task_suspect on task"))
        #expect(claim.contains("Tid Scan on task"))
        #expect(plans[4].contains("task_due_type"))
        for plan in plans {
            #expect(!plan.contains("Seq Scan") && !plan.contains("Bitmap"), "\(plan)")
            #expect(readsByKey(plan), "\(plan)")
            #expect(!plan.contains("Materialize") && !plan.contains("Memoize"), "\(plan)")
            #expect(!plan.contains("Hash Join") && !plan.contains("Merge Join"), "\(plan)")
        }
        // The plan is the generic one: it contains parameters instead of values.
        #expect(plans[1].contains("ANY ($1)"))
    }

    /// Leaves the table empty, but with large indexes, because VACUUM does not remove the dead rows of claimed tasks.
    /// This tempts the planner: the entries of `task_owner` are small, so it has one level less than `task_pkey`. With
    /// no live rows, the planner estimates that a full read of `task_owner` costs less than a search for a key in
    /// another index.
    private func leaveDeadRows() throws {
        try bench.database.sql(
            """
            ALTER TABLE task SET (autovacuum_enabled = off);
            INSERT INTO task (id, type, priority, max_attempts, awaited, run_at, created_at, cache_key, input)
            SELECT gen_random_uuid(), 'sha256', 0, 5, false, now(), now(), sha256(n::text::bytea), '{}'
            FROM generate_series(1, 40000) n;
            UPDATE task SET worker_id = 7;
            DELETE FROM task
            """)
    }

    /// The number of scans of each index. First makes this session report its own scans.
    private func walks(_ connection: PostgresConnection) throws -> [String: Int] {
        try connection.execute(text: "SELECT pg_stat_force_next_flush()")
        let rows = try connection.execute(
            "SELECT indexrelname, idx_scan FROM pg_stat_user_indexes WHERE idx_scan > 0")
        return (0..<rows.rowCount).reduce(into: [:]) { $0[rows.text($1, 0) ?? ""] = rows.integer($1, 1) }
    }

    @Test(arguments: [false, true])
    func `The check after an insertion searches key by key, even if it was planned while nothing was finished`(
        _ wasFull: Bool
    ) throws {
        let connection = try PostgresConnection(bench.postgres, settings: SessionSettings.fixedPlans)
        try Partitions(connection, logger: Bench.logger).make(from: CivilDay(.now), days: 2)
        if wasFull { try leaveDeadRows() }
        try bench.database.sql("ANALYZE")
        let prefix = TaskID(lowestAt: .now).description.prefix(24)
        func look() throws {
            try connection.execute(
                text: """
                    SELECT withdraw_overtaken(
                        ARRAY(SELECT ('\(prefix)' || lpad(to_hex(n), 12, '0'))::uuid FROM generate_series(30001, 30050) n),
                        ARRAY(SELECT sha256(n::text::bytea) FROM generate_series(1, 50) n),
                        '\(prefix)000000000000', '\(prefix)ffffffffffff')
                    """)
        }
        try look()
        let before = try walks(connection)
        try bench.database.sql(
            """
            INSERT INTO finished_task (id, type, outcome, attempts, created_at, completed_at)
            SELECT ('\(prefix)' || lpad(to_hex(n), 12, '0'))::uuid, 'sha256', 'completed', 1, now(), now()
            FROM generate_series(1, 20000) n
            """)
        try look()
        let walked = try walks(connection).compactMap { name, count in
            count == before[name] ?? 0 ? nil : "\(name.split(separator: "_").last ?? "") \(count - (before[name] ?? 0))"
        }
        #expect(walked.sorted() == ["claimed 50", "pkey 50"])
    }

    @Test func `Pages of tasks walk indexes, and failed tasks have their own, whatever the statistics say about types`()
        throws
    {
        let connection = try PostgresConnection(bench.postgres, settings: SessionSettings.fixedPlans)
        try Partitions(connection, logger: Bench.logger).make(from: CivilDay(.now), days: 2)
        // All tasks are of one type, so an index by type seems useless to the planner.
        try bench.database.sql(
            """
            INSERT INTO finished_task (id, type, outcome, attempts, created_at, completed_at)
            SELECT ('\(TaskID(lowestAt: .now).description.prefix(24))' || lpad(to_hex(n), 12, '0'))::uuid, 'sha256',
                'completed', 1, now(), now() FROM generate_series(1, 20000) n;
            INSERT INTO task (id, type, priority, max_attempts, awaited, run_at, created_at, input)
            SELECT gen_random_uuid(), 'sha256', 0, 5, false, now(), now(), '{}' FROM generate_series(1, 20000) n;
            ANALYZE
            """)
        let statuses: [TaskStatus?] = [nil] + TaskStatus.allCases
        for (status, isOfType) in statuses.flatMap({ [($0, false), ($0, true)] }) {
            let statement = ListSQL.page(status, isOfType: isOfType)
            try connection.execute(
                statement.with(
                    isOfType ? .text("x") : .null(.text), .uuid(TaskID()), .int8(10), .int8(0), .int8(0)))
            let text = try plan(statement, "\(isOfType ? "'sha256'" : "NULL"), gen_random_uuid(), 10, 0, 0", connection)
            #expect(!text.contains("Seq Scan"), "\(text)")
            if status == .failed || status == .cancelled { #expect(text.contains("outcome_id_idx"), "\(text)") }
            if status == nil || status == .completed {
                let partition = text.split(separator: "\n").filter { $0.contains(" on finished_task_2") }
                #expect(partition.allSatisfy { $0.contains("type_id_idx") == isOfType }, "\(text)")
            }
            if isOfType, status == nil || status == .queued { #expect(text.contains("task_rank"), "\(text)") }
            if status == .processing { #expect(text.contains("task_owner"), "\(text)") }
            // A page of all statuses is merged from several pages, and then sorted.
            if status != nil { #expect(!text.contains("->  Sort"), "\(text)") }
        }
        try connection.execute(
            LookUpSQL.completedPageOfType.with(.text("x"), .uuid(TaskID()), .int8(10), .int8(0), .int8(0)))
        let hashes = try plan(LookUpSQL.completedPageOfType, "'sha256', gen_random_uuid(), 10, 0, 0", connection)
        #expect(hashes.contains("type_id_idx") && !hashes.contains("->  Sort"), "\(hashes)")
        // A list for a client reads only the tasks of this client.
        for status in statuses {
            let statement = ListSQL.pageOfClient(status)
            try connection.execute(statement.with(.null(.text), .uuid(TaskID()), .int8(10), .int8(1)))
            let text = try plan(statement, "NULL, gen_random_uuid(), 10, 1", connection)
            let scans = text.split(separator: "\n").filter { $0.contains("Scan") && $0.contains(" on ") }
            #expect(
                !scans.isEmpty && scans.allSatisfy { $0.contains("client_id_idx") || $0.contains("task_client") },
                "\(text)")
            if status != nil { #expect(!text.contains("->  Sort"), "\(text)") }
        }
        try connection.execute(
            LookUpSQL.completedPageOfClient.with(.texts(["x"]), .uuid(TaskID()), .int8(10), .int8(1)))
        let own = try plan(LookUpSQL.completedPageOfClient, "ARRAY['sha256'], gen_random_uuid(), 10, 1", connection)
        #expect(own.contains("client_id_idx") && !own.contains("->  Sort"), "\(own)")
        try connection.execute(RetrySQL.retry.with(.uuid(TaskID()), .null(.bytea), .null(.bytea), .timestamptz(0)))
        let retry = try plan(RetrySQL.retry, "gen_random_uuid(), NULL, NULL, now()", connection)
        #expect(!retry.contains("Seq Scan"), "\(retry)")
    }

    @Test func `A look-up reads only the partition of the task's day`() throws {
        let connection = try PostgresConnection(bench.postgres, settings: SessionSettings.fixedPlans)
        try Partitions(connection, logger: Bench.logger).make(from: CivilDay(.now), days: 3)
        let id = TaskID()
        try connection.execute(LookUpSQL.read.with(ids: [id]))
        let rows = try connection.execute(
            "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE read(ARRAY['\(id)'::uuid], '\(id)', '\(id)')")
        let plan = (0..<rows.rowCount).compactMap { rows.text($0, 0) }.joined(separator: "\n")
        #expect(plan.contains("Subplans Removed: 3"), "\(plan)")
    }
}
