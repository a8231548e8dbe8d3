internal import Glibc
internal import Queue
internal import Threading

/// Submits and completes tasks at a steady rate, and records the time of each claim.
final class SteadyLoad: Sendable {
    private struct State {
        var claims = Latencies()
        var submissions = Latencies()
        var since = ContinuousClock.now
        var count = 0
        var isStopping = false
        var failure: String?
    }

    /// Submitted batches per second.
    private static let batches = 40

    private let state = Monitor(State())
    private let threads: [NamedThread]

    init(_ cluster: BenchCluster, rate: Int) throws {
        let state = state
        let isStopping = { @Sendable in state.withLock { $0.isStopping } }
        func thread(_ name: String, _ body: @escaping @Sendable (QueueEnds) throws -> Void) -> NamedThread {
            NamedThread(name) {
                do {
                    let ends = try QueueEnds(cluster.connectionString)
                    defer { ends.stop() }
                    try body(ends)
                } catch {
                    state.withLock { $0.failure = "\(error)" }
                }
            }
        }
        threads = [
            thread("submit") { ends in
                var next = ContinuousClock.now
                var number = 0
                while !isStopping() {
                    let start = ContinuousClock.now
                    try ends.submit(rate / Self.batches, label: "steady \(number)")
                    state.withLock { $0.submissions.add(start.duration(to: .now)) }
                    number += 1
                    next += .seconds(1) / Self.batches
                    sleepCurrentThread(for: max(.zero, next - .now))
                }
            },
            thread("work") { ends in
                let wake = EventFD()
                while !isStopping() {
                    let (tasks, time) = try ends.claim(500)
                    if tasks.isEmpty {
                        _ = try ends.session.waitForWork(upTo: .seconds(1), wake: wake)
                        continue
                    }
                    state.withLock { $0.claims.add(time) }
                    try ends.complete(tasks)
                    state.withLock { $0.count += tasks.count }
                }
            },
        ]
    }

    /// Times of the claims that found tasks.
    var claims: Latencies { state.withLock { $0.claims } }
    var submissions: Latencies { state.withLock { $0.submissions } }
    /// Completed tasks per second.
    var tasks: Double { state.withLock { Double($0.count) / ($0.since.duration(to: .now)).inSeconds } }

    /// - Throws: the error that has ended the load.
    func check() throws {
        if let failure = state.withLock({ $0.failure }) { throw BenchError(failure) }
    }

    /// Clears the figures.
    func clear() {
        state.withLock { state in
            state.claims = Latencies()
            state.submissions = Latencies()
            state.count = 0
            state.since = .now
        }
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        for thread in threads { thread.join() }
    }
}
