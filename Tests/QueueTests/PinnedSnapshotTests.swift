import Postgres
import TestSupport
import Testing
import Threading

@testable import Queue

@Suite struct PinnedSnapshots {
    let bench: Bench

    init() throws { bench = try Bench() }

    @Test
    func
        `While dead rows cannot be removed, a claim steps over few of them, and tasks before its start are found, too`()
        throws
    {
        let pin = try PostgresConnection(PostgresConfiguration(connectionString: bench.database.connectionString))
        try pin.execute(text: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM task")
        // Make dead rows like those of tasks that finished in the last minutes.
        try bench.database.sql(
            """
            INSERT INTO task (id, type, priority, max_attempts, awaited, run_at, created_at, rank, input)
            SELECT gen_random_uuid(), 'sha256', 0, 5, false, now(), now(), now() - n * interval '1 millisecond', '{}'
            FROM generate_series(1, 200000) n;
            DELETE FROM task
            """)
        try eventually("they are counted") {
            try bench.value("SELECT pg_stat_get_dead_tuples('task'::regclass) > 100000") == "t"
        }
        // Do not insert with psql: psql starts too slowly, because the time between two full scans is short.
        let connection = try PostgresConnection(bench.postgres)
        func insert(_ number: Int, before: String) throws {
            try connection.execute(
                text: """
                    INSERT INTO task (id, type, priority, max_attempts, awaited, run_at, created_at, rank, input)
                    VALUES ('00000000-0000-7000-8000-00000000000\(number)', 'sha256', 0, 5, false, now(), now(),
                        now() - interval '\(before)', '{}')
                    """)
        }
        let session = try bench.session()
        func claimed() throws -> [String] { try session.claim().map { String("\($0.id)".suffix(1)) } }
        try insert(1, before: "0")
        #expect(try claimed() == ["1"])
        try insert(2, before: "1 hour")
        try insert(3, before: "0")
        let second = try claimed()
        #expect(second == ["3"])
        // No notification announces task 2. After a while, the session makes a full scan by itself, and finds task 2.
        let wake = EventFD()
        var found: [String] = []
        try eventually("it is found") {
            guard try session.waitForWork(upTo: .seconds(5), wake: wake) == .work else { return false }
            found += try claimed()
            return !found.isEmpty
        }
        #expect(found == ["2"])
        withExtendedLifetime(pin) {}
    }

    @Test func `If many tasks come with one commit, each claim takes as many as it asks for`() throws {
        try bench.database.sql("ALTER TABLE task SET (autovacuum_enabled = off)")
        try bench.database.sql(
            """
            INSERT INTO task (id, type, priority, max_attempts, awaited, run_at, created_at, rank, input)
            SELECT gen_random_uuid(), 'sha256', 0, 5, false, '-infinity', now(), now(), '{}' FROM generate_series(1, 3000)
            """)
        let session = try bench.session()
        #expect(try session.claim(1500).count == 1500)
        try eventually("they are counted") {
            try bench.value("SELECT pg_stat_get_dead_tuples('task'::regclass) > 1000") == "t"
        }
        for _ in 0..<10 {
            #expect(try session.claim(10).count == 10)
            sleepCurrentThread(for: .milliseconds(70))
        }
    }
}
