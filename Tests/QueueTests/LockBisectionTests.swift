import Testing

@testable import Queue

@Suite struct LockBisectionTests {
    private typealias Bisection = LockBisection<Int>

    private let start = ContinuousClock.now

    /// The outcome of requests 0..<count, which have one task each.
    private struct Outcome {
        var stored: [Int] = []
        var refused: [Int] = []
        /// The number of transactions with each lock timeout.
        var attempts: [LockTimeout: Int] = [:]
        /// The groups of requests that were tried with the longer timeout (`retry`), in order.
        var retried: [[Int]] = []
    }

    /// Runs a bisection. A transaction fails if it contains a locked request.
    /// - Parameters:
    ///   - row: the task row that a request needs.
    ///   - free: the locked requests whose lock is free by the time of the retry.
    ///   - step: how long each transaction takes.
    private func run(
        _ count: Int, locked: Set<Int>, free: Set<Int> = [], step: Duration = .zero, row: (Int) -> Int = { $0 }
    ) -> Outcome? {
        var now = start
        func elements(_ requests: [Int]) -> [Bisection.Element] {
            requests.map { Bisection.Element(request: $0, row: row($0)) }
        }
        guard var bisection = Bisection(elements(Array(0..<count)), at: now) else { return nil }
        var outcome = Outcome()
        while true {
            switch bisection.next(at: now) {
            case .store(let requests, let timeout):
                now += step
                outcome.attempts[timeout, default: 0] += 1
                if timeout == .retry { outcome.retried.append(requests) }
                let isLocked = !locked.subtracting(timeout == .retry ? free : []).isDisjoint(with: requests)
                if !isLocked { outcome.stored += requests }
                bisection.stillLocked(isLocked ? elements(requests) : [], at: now)
            case .refuse(let requests): outcome.refused += requests
            case .finished: return outcome
            }
        }
    }

    @Test func `Requests of one task cannot be split`() {
        #expect(run(5, locked: [2], row: { _ in 0 }) == nil)
    }

    @Test(arguments: [[0], [39], [3, 13, 23, 33], [0, 1, 2], Array(0..<40)])
    func `Only locked requests are refused, and each takes at most 2 log2 n attempts`(locked: [Int]) throws {
        let outcome = try #require(run(40, locked: Set(locked)))
        #expect(outcome.stored.sorted() == (0..<40).filter { !locked.contains($0) })
        #expect(outcome.refused.sorted() == locked)
        #expect(try #require(outcome.attempts[.probe]) <= 12 * locked.count)
        #expect(outcome.attempts[.retry] == locked.count)
    }

    @Test func `A request whose lock is free at the retry is stored`() throws {
        let outcome = try #require(run(40, locked: [3, 13], free: [13]))
        #expect(outcome.stored.last == 13)
        #expect(outcome.refused == [3])
    }

    @Test func `Requests of the same task are retried together`() throws {
        let outcome = try #require(run(40, locked: [3, 13, 23, 33], row: { $0 % 10 }))
        #expect(outcome.retried == [[3, 13, 23, 33]])
        #expect(outcome.refused == [3, 13, 23, 33])
    }

    @Test func `When the time is up, no group is split any more and nothing is retried`() throws {
        let outcome = try #require(run(64, locked: [5, 40], step: .milliseconds(700)))
        #expect(outcome.attempts[.retry] == nil)
        #expect(outcome.attempts[.probe] == 6)
        #expect(outcome.stored.count + outcome.refused.count == 64)
        #expect(Set(outcome.refused).isSuperset(of: [5, 40]))
    }
}
