import Postgres
import TestSupport
import Testing
import Threading

@testable import Queue

@Suite struct Days {
    let bench: Bench

    init() throws { bench = try Bench() }

    private func partitions() throws -> [String] {
        try bench.value(
            "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'finished_task'::regclass ORDER BY 1"
        )
        .split(separator: "\n").map(String.init)
    }

    private func finish(_ id: TaskID, completedAt: Timestamp) throws {
        try bench.database.sql(
            """
            INSERT INTO finished_task (id, type, outcome, attempts, created_at, completed_at)
            VALUES ('\(id)', 'sha256', 'completed', 1, '\(completedAt)', '\(completedAt)')
            """)
    }

    @Test func `Today and the next three days have partitions, and rows in the default partition are moved`() throws {
        let id = TaskID()
        try finish(id, completedAt: .now)
        #expect(try bench.value("SELECT count(*) FROM finished_task_default") == "1")
        let watch = bench.watch()
        defer { watch.stop() }
        try eventually("the partitions exist") { try partitions().count == 5 }
        #expect(try bench.value("SELECT count(*) FROM finished_task_default") == "0")
        let today = Timestamp.now.description.prefix(10).filter { $0 != "-" }
        #expect(try bench.value("SELECT tableoid::regclass FROM finished_task") == "finished_task_\(today)")
    }

    @Test func `The partition of a day is dropped when all its tasks finished before the retention`() throws {
        let connection = try PostgresConnection(bench.postgres)
        let days = Partitions(connection, logger: Bench.logger)
        let now = Timestamp.now
        let start = CivilDay(now.advanced(by: .seconds(-10 * 86_400)))
        try days.make(from: start, days: 11)
        #expect(try partitions().count == 12)
        let ids = (0..<11).map { day in
            TaskID(lowestAt: CivilDay(daysSince1970: start.daysSince1970 + Int64(day)).start)
        }
        // ids[0] was submitted ten days ago and finished an hour ago. ids[1] was submitted nine days ago and is still
        // queued.
        try finish(ids[0], completedAt: now.advanced(by: .seconds(-3600)))
        try bench.database.sql(
            """
            INSERT INTO task (id, type, priority, max_attempts, awaited, run_at, created_at, input)
            VALUES ('\(ids[1])', 'sha256', 0, 5, false, now(), now(), '{}')
            """)
        try finish(ids[2], completedAt: start.start)
        try finish(ids[9], completedAt: now.advanced(by: .seconds(-1)))
        try days.drop(finishedBefore: now.advanced(by: .seconds(-3 * 86_400)))
        // Seven days are older than the retention. The partition of ids[0] stays, because this task finished an hour
        // ago. The partition of ids[1] is dropped, because it is empty: this task is still queued.
        #expect(try partitions().count == 12 - 6)
        #expect(try bench.value("SELECT count(*) FROM finished_task") == "2")
        #expect(try bench.value("SELECT count(*) FROM finished_task_default") == "0")
        // When ids[1] ends, its result goes to the default partition, and is kept as long as any other result.
        try finish(ids[1], completedAt: now)
        try days.drop(finishedBefore: now.advanced(by: .seconds(-3 * 86_400)))
        #expect(try bench.value("SELECT count(*) FROM finished_task_default") == "1")
        try days.drop(finishedBefore: now.advanced(by: .seconds(1)))
        #expect(try bench.value("SELECT count(*) FROM finished_task_default") == "0")
    }

    @Test func `To create a partition does not disturb tasks that finish meanwhile`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        nonisolated(unsafe) let session = try bench.session()
        let connection = try PostgresConnection(bench.postgres)
        _ = try client.submit((0..<1000).map { Submission(task: task("\($0)")) })
        let worker = NamedThread("test-worker") {
            while let claimed = try? session.claim(5), !claimed.isEmpty { try? session.complete(claimed) }
        }
        try Partitions(connection, logger: Bench.logger).make(from: CivilDay(.now), days: 1)
        worker.join()
        #expect(session.isRegistered)
        #expect(try bench.value("SELECT count(*) FROM finished_task") == "1000")
    }

    /// PostgreSQL routes the completion's row to the default partition before the new partition exists. The row waits
    /// for the lock that ATTACH takes. When ATTACH has committed, the default partition refuses the row.
    @Test func `A completion that waited while its partition was created goes to that partition`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        nonisolated(unsafe) let session = try bench.session()
        let id = try #require(try client.submit(task("routed")).queuedID)
        let claimed = try session.claim()
        let connection = try PostgresConnection(bench.postgres)
        let low = TaskID(lowestAt: CivilDay(.now).start)
        let high = TaskID(lowestAt: CivilDay(.now).next.start)
        try connection.execute(
            text: """
                BEGIN;
                CREATE TABLE finished_task_19700101 (LIKE finished_task INCLUDING ALL);
                ALTER TABLE finished_task ATTACH PARTITION finished_task_19700101 FOR VALUES FROM ('\(low)') TO ('\(high)')
                """)
        let worker = NamedThread("test-worker") { try? session.complete(claimed) }
        try eventually("waiting") {
            try bench.value(
                "SELECT count(*) FROM pg_locks WHERE relation = 'finished_task_default'::regclass AND NOT granted")
                != "0"
        }
        try connection.execute(text: "COMMIT")
        worker.join()
        #expect(session.isRegistered)
        #expect(try client.record(id)?.status == .completed)
    }

    @Test func `The calendar agrees with PostgreSQL's`() throws {
        let connection = try PostgresConnection(bench.postgres)
        let rows = try connection.execute(
            """
            SELECT (d - '1970-01-01'::date)::int8, extract(year FROM d)::int8, extract(month FROM d)::int8,
                extract(day FROM d)::int8
            FROM (SELECT '1900-01-01'::date + n * 13 AS d FROM generate_series(0, 20000) n) days
            """)
        for row in 0..<rows.rowCount {
            let numbers = (0..<4).compactMap { rows.integer(row, $0).map(Int64.init) }
            let day = CivilDay(daysSince1970: numbers[0])
            #expect(day.components == (numbers[1], numbers[2], numbers[3]))
            #expect(CivilDay(year: numbers[1], month: numbers[2], day: numbers[3]) == day)
        }
    }
}
