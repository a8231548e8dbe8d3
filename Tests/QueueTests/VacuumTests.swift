import Queue
import TestSupport
import Testing

@Suite struct Vacuums {
    let bench: Bench

    init() throws { bench = try Bench() }

    @Test func `Many dead rows of the queue are removed soon, without autovacuum`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let watch = bench.watch()
        defer { watch.stop() }
        let session = try bench.session(watch: watch)
        let vacuums = "SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 'task'"
        _ = try client.submit((0..<5000).map { Submission(task: task("many \($0)")) })
        try session.complete(try session.claim(4999))
        try eventually("the leader") {
            try bench.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 0") != "0"
        }
        #expect(try bench.value(vacuums) == "0")
        try session.complete(try session.claim(1))
        try eventually("vacuumed") { try bench.value(vacuums) == "1" }
    }
}
