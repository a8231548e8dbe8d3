import Postgres
import Queue
import TestSupport
import Testing
import Threading

@Suite struct SharedTasks {
    let bench: Bench

    init() throws { bench = try Bench() }

    private func others(_ cancellation: Cancellation) -> Int? {
        if case .shared(let record, let others) = cancellation, !record.status.isFinished { others } else { nil }
    }

    @Test
    func `A shared task is cancelled when all its submissions have cancelled it, and each is told how many are left`()
        throws
    {
        let (one, other) = (bench.client(), bench.client())
        defer { for client in [one, other] { client.shutdown() } }
        let id = try #require(try one.submit(task("shared")).queuedID)
        // Three more submissions share the task: two in one batch, and one alone.
        _ = try other.submit([task("shared"), task("shared")].map { Submission(task: $0) })
        _ = try one.submit(task("shared"))
        #expect(try bench.value("SELECT sharers FROM task") == "4")
        #expect(others(try one.cancel(id)) == 3)
        let session = try bench.session()
        let claimed = try session.claim()
        #expect(others(try other.cancel(id)) == 2)
        #expect(others(try one.cancel(id)) == 1)
        guard case .cancelled(let record) = try one.cancel(id) else { throw Unexpected(what: "not cancelled") }
        #expect(record.status == .cancelled)
        try session.complete(claimed)
        #expect(try one.record(id)?.status == .cancelled)
    }

    @Test func `Of many cancellers the last ones are stored, and all are counted`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try client.submit((0..<100).map { _ in Submission(task: task("shared")) })[0].id
        for left in (1..<100).reversed() {
            let canceller = TaskID()
            #expect(others(try client.cancel(id, by: canceller)) == left)
            #expect(others(try client.cancel(id, by: canceller)) == left)
        }
        #expect(try bench.value("SELECT cardinality(cancels), sharers FROM task") == "64|65")
        guard case .cancelled = try client.cancel(id) else { throw Unexpected(what: "not cancelled") }
    }

    @Test func `A shared task is computed as long as one submission has not cancelled it`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("shared")).queuedID)
        _ = try client.submit(task("shared"))
        _ = try client.cancel(id)
        let session = try bench.session()
        try session.complete(try session.claim())
        #expect(try client.record(id)?.status == .completed)
    }

    @Test func `A cancellation that is sent twice counts once`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let id = try #require(try client.submit(task("shared")).queuedID)
        _ = try client.submit(task("shared"))
        let canceller = TaskID()
        #expect(others(try client.cancel(id, by: canceller)) == 1)
        #expect(others(try client.cancel(id, by: canceller)) == 1)
        guard case .cancelled = try client.cancel(id) else { throw Unexpected(what: "not cancelled") }
    }

    @Test func `A request that is resent to another node does not count as a second sharer`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        var submission = Submission(task: task("same"))
        submission.mayBeResent = true
        _ = try client.submit([submission])
        #expect(try client.submit([submission]) == [.repeated(submission.id)])
        guard case .cancelled = try client.cancel(submission.id) else { throw Unexpected(what: "not cancelled") }
    }

    @Test func `A request that is resent to the same node, and shares a task with others, counts once`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        var submission = Submission(task: task("same"))
        submission.mayBeResent = true
        let shared = Submission(task: task("same"))
        let result = try bench.submitTogether(client, [shared, submission, submission].map { ([$0], nil) })
        for answer in result { #expect(try answer.get() == [.queued(shared.id)]) }
        #expect(try bench.value("SELECT sharers FROM task WHERE id = '\(shared.id)'") == "2")
    }

    @Test func `A submission that joins a task while others cancel and workers finish it is not lost`() throws {
        let clients = (0..<3).map { _ in bench.client() }
        defer { for client in clients { client.shutdown() } }
        let isOver = Monitor(false)
        let worker = NamedThread("test-worker") {
            guard let session = try? bench.session(cacheTTL: .zero) else { return }
            while !isOver.withLock({ $0 }) {
                guard let claimed = try? session.claim(3) else { return }
                try? session.complete(claimed)
            }
        }
        let wrong = Monitor<[String]>([])
        let threads = clients.enumerated().map { number, client in
            NamedThread("test-node") {
                for round in 0..<150 {
                    guard let id = try? client.submit(task("\(round % 4)")).queuedID else {
                        wrong.withLock { $0.append("not accepted") }
                        continue
                    }
                    // The first client always cancels its task. The other clients never cancel, so their tasks must be
                    // completed.
                    if number == 0 {
                        _ = try? client.cancel(id)
                    } else if let record = try? client.record(id, wait: .seconds(10)), record.status != .completed {
                        wrong.withLock { $0.append("\(record.status)") }
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        isOver.withLock { $0 = true }
        worker.join()
        #expect(wrong.withLock { $0 } == [])
    }
}
