internal import Threading

/// What was promised to clients, and what they were told: the checker's own book.
final class Ledger: Sendable {
    enum Phase: Sendable, Hashable { case calm, onlyNodesAndWorkersKilled, everything }

    /// What a task's result has to be.
    enum Expectation: Sendable, Hashable {
        case sha256(of: String)
        /// With a salt of the worker's own: each run of the task has another result.
        case argon2(of: String)
    }

    private struct Book {
        var phase = Phase.calm
        var acknowledged: [String: Expectation] = [:]
        /// The hash that a client was told first.
        var told: [String: String] = [:]
        /// Tasks that clients were told two results of.
        var contradictions: Set<String> = []
        /// Requests by phase and outcome; a status, or why there was none.
        var outcomes: [Phase: [String: Int]] = [:]
        /// When the last request began that was answered well.
        var lastGoodStart: ContinuousClock.Instant?
    }

    private let book = Monitor(Book())

    var phase: Phase {
        get { book.withLock { $0.phase } }
        set { book.withLock { $0.phase = newValue } }
    }

    func acknowledge(_ id: String, _ expectation: Expectation) {
        book.withLock { $0.acknowledged[id] = expectation }
    }

    /// A client was told that the task is completed.
    func tell(_ id: String, hash: String) {
        book.withLock { book in
            if let known = book.told[id], known != hash { book.contradictions.insert(id) }
            book.told[id] = hash
        }
    }

    func count(_ outcome: String, in phase: Phase, isGood: Bool, start: ContinuousClock.Instant) {
        book.broadcast { book in
            book.outcomes[phase, default: [:]][(isGood ? "" : "FAILED: ") + outcome, default: 0] += 1
            if isGood { book.lastGoodStart = max(start, book.lastGoodStart ?? start) }
        }
    }

    /// Waits until a request was answered well that began after this moment.
    func waitForGoodRequest(after time: ContinuousClock.Instant, within limit: Duration) -> Duration? {
        book.wait(for: limit) { book in
            book.lastGoodStart.flatMap { $0 >= time ? ContinuousClock.now - time : nil }
        }
    }

    var acknowledged: [String: Expectation] { book.withLock { $0.acknowledged } }
    var told: [String: String] { book.withLock { $0.told } }
    var contradictions: Set<String> { book.withLock { $0.contradictions } }

    func outcomes(in phase: Phase) -> [String: Int] { book.withLock { $0.outcomes[phase] ?? [:] } }

    func failures(in phase: Phase) -> Int {
        outcomes(in: phase).filter { $0.key.hasPrefix("FAILED") }.values.reduce(0, +)
    }
}
