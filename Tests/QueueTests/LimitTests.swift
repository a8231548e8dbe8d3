import Queue
import TestSupport
import Testing
import Threading

@testable import Queue

@Suite struct QueueLimit {
    let bench: Bench

    init() throws { bench = try Bench() }

    @Test func `A full queue stores nothing more, still answers from the cache, and is exact for one node`()
        throws
    {
        let client = bench.client(queueLimit: 50)
        defer { client.shutdown() }
        let session = try bench.session()
        _ = try client.submit(task("known"))
        try session.complete(try session.claim())

        for number in 0..<30 { _ = try client.submit(task("\(number)")) }
        #expect(throws: QueueError.queueFull) {
            try client.submit((100..<121).map { Submission(task: task("\($0)")) })
        }
        #expect(try client.submit((200..<220).map { Submission(task: task("\($0)")) }).count == 20)
        #expect(throws: QueueError.queueFull) { try client.submit(task("one more")) }
        #expect(try bench.value("SELECT count(*) FROM task") == "50")
        guard case .cached = try client.submit(task("known")) else { throw Unexpected(what: "not cached") }
        #expect(try client.submit(task("7")).queuedID != nil)
        // An array is refused as a whole, even if some of its tasks are cached.
        #expect(throws: QueueError.queueFull) {
            try client.submit([task("known"), task("new")].map { Submission(task: $0) })
        }
        #expect(try bench.value("SELECT count(*) FROM task") == "50")
        _ = try session.claim(10)
        // On a busy machine a count may take long, and then the next count is delayed. So try until there is room.
        try eventually("there is room") { (try? client.submit(task("one more")))?.queuedID != nil }
    }

    @Test func `A count that takes long is made less often`() {
        var permits = QueuePermits(limit: 1000)
        let start = ContinuousClock.now
        permits.counted(queued: 1000, cost: .milliseconds(100), at: start)
        #expect(!permits.needsCount(for: 1, at: start + .milliseconds(399)))
        #expect(permits.needsCount(for: 1, at: start + .milliseconds(400)))
        permits.counted(queued: 200, cost: .milliseconds(100), at: start)
        #expect(!permits.needsCount(for: 1, at: start + .milliseconds(1999)))
        #expect(permits.needsCount(for: 1, at: start + .seconds(2)))
    }

    @Test func `A node counts again when its share is used up or a second old`() {
        var permits = QueuePermits(limit: 1000)
        let start = ContinuousClock.now
        #expect(permits.needsCount(for: 1, at: start))
        permits.counted(queued: 200, at: start)
        #expect(!permits.needsCount(for: 100, at: start))
        #expect(permits.needsCount(for: 101, at: start))
        #expect(permits.needsCount(for: 1, at: start + .seconds(1)))
        let took = permits.take(60)
        #expect(took)
        #expect(permits.needsCount(for: 41, at: start))
        permits.settle(60, unused: 1)
        #expect(!permits.needsCount(for: 41, at: start))
        // Right after a count, a large request may take all free places.
        permits.counted(queued: 300, at: start)
        let (tooMany, all, more) = (permits.take(701), permits.take(700), permits.take(1))
        #expect(!tooMany && all && !more)
    }

    @Test func `Places that are taken while another thread counts are not given away twice`() {
        var permits = QueuePermits(limit: 1000)
        let start = ContinuousClock.now
        permits.counted(queued: 0, at: start)
        let first = permits.take(600)
        permits.counted(queued: 0, at: start)
        let (tooMany, second) = (permits.take(401), permits.take(400))
        #expect(first && !tooMany && second)
        permits.settle(600, unused: 600)
        permits.counted(queued: 400, at: start)
        // The count may or may not include the other thread's 400 tasks.
        let (more, third) = (permits.take(201), permits.take(200))
        #expect(!more && third)
    }

    @Test func `Large arrays that arrive at the same time do not exceed the limit together`() throws {
        let client = bench.client(queueLimit: 1000)
        defer { client.shutdown() }
        let answers = Monitor<[Bool]>([])
        for number in 0..<12 {
            client.submit((0..<150).map { Submission(task: task("\(number) \($0)")) }, wait: nil) { result in
                answers.broadcast { $0.append((try? result.get()) != nil) }
            }
        }
        let accepted = answers.wait(for: .seconds(20)) { $0.count == 12 ? $0.count { $0 } : nil }
        #expect((1...6).contains(try #require(accepted)))
        #expect(try bench.value("SELECT count(*) FROM task") == "\(try #require(accepted) * 150)")
        for number in 12..<(18 - (accepted ?? 0)) {
            _ = try client.submit((0..<150).map { Submission(task: task("\(number) \($0)")) })
        }
        #expect(try bench.value("SELECT count(*) FROM task") == "900")
    }

    @Test func `Near the limit a share is one task, and without a limit nothing is counted`() {
        var permits = QueuePermits(limit: 10)
        let now = ContinuousClock.now
        permits.counted(queued: 9, at: now)
        #expect(!permits.needsCount(for: 1, at: now))
        let first = permits.take(1)
        #expect(first)
        #expect(permits.needsCount(for: 1, at: now))
        permits.counted(queued: 12, at: now)
        let over = permits.take(1)
        #expect(!over)
        #expect(!QueuePermits(limit: 0).needsCount(for: 1, at: now))
    }
}
