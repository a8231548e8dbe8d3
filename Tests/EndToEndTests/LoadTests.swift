import Client
import JSON
import Supervisor
import TestSupport
import Testing

/// Many tasks at the same time, and a stop under load.
struct LoadTests {
    @Test func `each of 10,000 tasks from 32 clients has exactly one result`() throws {
        let system = try RunningSystem()
        let clients = 32
        let total = 10_000
        let ids = try inParallel(clients) { client in
            let connection = system.connection()
            return try stride(from: client, to: total, by: clients).map { number in
                try connection.submit("sha256", ["string": .string("load \(number)")])
            }
        }.joined()
        #expect(Set(ids).count == total)
        try eventually("the queue is empty", within: .seconds(60)) {
            try system.sql("SELECT count(*) FROM task") == "0"
        }
        let counts = try system.sql(
            "SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE outcome = 'completed'), max(attempts) FROM finished_task"
        )
        #expect(counts == "\(total)|\(total)|\(total)|1")
        let missing = try system.sql(
            "SELECT count(*) FROM unnest('{\(ids.joined(separator: ","))}'::uuid[]) id WHERE id NOT IN (SELECT id FROM finished_task)"
        )
        #expect(missing == "0")
        #expect(try system.stop() == .exited(code: 0))
    }

    @Test func `a stop under load loses no accepted task`() throws {
        let system = try RunningSystem()
        let accepted = Accepted()
        let load = BackgroundLoad(system, clients: 8, accepted)
        try eventually("tasks are accepted") { accepted.count > 300 }
        #expect(try system.stop() == .exited(code: 0))
        load.stop()
        let again = try RunningSystem(after: system)
        try expectAllFinished(accepted.ids, again)
        try again.stop()
    }
}

/// Waits until each of `ids` is completed.
func expectAllFinished(
    _ ids: [String], _ system: RunningSystem, within timeout: Duration = .seconds(60)
) throws {
    let list = "unnest('{\(ids.joined(separator: ","))}'::uuid[]) AS accepted (id)"
    try eventually("all \(ids.count) accepted tasks are finished", within: timeout) {
        try system.sql(
            "SELECT count(*) FROM \(list) JOIN finished_task USING (id) WHERE outcome = 'completed'")
            == "\(ids.count)"
    }
}
