internal import Threading

/// The checker's record: the tasks that were acknowledged to clients, and the results that clients got.
final class Ledger: Sendable {
    enum Phase: Sendable, Hashable { case noFaults, killsOfNodesAndWorkers, allFaults }

    /// The expected result of a task.
    enum Expectation: Sendable, Hashable {
        case sha256(of: String)
        /// The worker chooses the salt, so each run of the task has a different result.
        case argon2(of: String)
    }

    private struct Contents {
        var phase = Phase.noFaults
        var acknowledged: [String: Expectation] = [:]
        /// The last hash that a client got for each task.
        var results: [String: String] = [:]
        /// Tasks for which clients got two different results.
        var contradictions: Set<String> = []
        /// The number of requests by phase and outcome. An outcome is a status, or the reason why there was no
        /// response.
        var outcomes: [Phase: [String: Int]] = [:]
        /// The start of the latest request that has succeeded.
        var lastGoodStart: ContinuousClock.Instant?
    }

    private let contents = Monitor(Contents())

    var phase: Phase {
        get { contents.withLock { $0.phase } }
        set { contents.withLock { $0.phase = newValue } }
    }

    func acknowledge(_ id: String, _ expectation: Expectation) {
        contents.withLock { $0.acknowledged[id] = expectation }
    }

    /// Records the result that a client got.
    func record(_ id: String, hash: String) {
        contents.withLock { contents in
            if let known = contents.results[id], known != hash { contents.contradictions.insert(id) }
            contents.results[id] = hash
        }
    }

    func count(_ outcome: String, in phase: Phase, isGood: Bool, start: ContinuousClock.Instant) {
        contents.broadcast { contents in
            contents.outcomes[phase, default: [:]][(isGood ? "" : "FAILED: ") + outcome, default: 0] += 1
            if isGood { contents.lastGoodStart = max(start, contents.lastGoodStart ?? start) }
        }
    }

    /// Waits until a request that began at `time` or later has succeeded.
    /// - Returns: the time since `time`; nil after `timeout`.
    func waitForGoodRequest(after time: ContinuousClock.Instant, within timeout: Duration) -> Duration? {
        contents.wait(for: timeout) { contents in
            contents.lastGoodStart.flatMap { $0 >= time ? ContinuousClock.now - time : nil }
        }
    }

    var acknowledged: [String: Expectation] { contents.withLock { $0.acknowledged } }
    var results: [String: String] { contents.withLock { $0.results } }
    var contradictions: Set<String> { contents.withLock { $0.contradictions } }

    func outcomes(in phase: Phase) -> [String: Int] { contents.withLock { $0.outcomes[phase] ?? [:] } }

    func failures(in phase: Phase) -> Int {
        outcomes(in: phase).filter { $0.key.hasPrefix("FAILED") }.values.reduce(0, +)
    }
}
