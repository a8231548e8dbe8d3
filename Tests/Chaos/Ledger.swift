internal import Threading

/// What was promised to clients: the checker's own book.
final class Ledger: Sendable {
    enum Phase: Sendable, Hashable { case calm, onlyNodesAndWorkersKilled, everything }

    private struct Book {
        var phase = Phase.calm
        /// What each acknowledged task is the hash of.
        var acknowledged: [String: String] = [:]
        /// Requests by phase and outcome; a status, or why there was none.
        var outcomes: [Phase: [String: Int]] = [:]
    }

    private let book = Monitor(Book())

    var phase: Phase {
        get { book.withLock { $0.phase } }
        set { book.withLock { $0.phase = newValue } }
    }

    func acknowledge(_ id: String, string: String) { book.withLock { $0.acknowledged[id] = string } }

    func count(_ outcome: String, in phase: Phase) {
        book.withLock { $0.outcomes[phase, default: [:]][outcome, default: 0] += 1 }
    }

    var acknowledged: [String: String] { book.withLock { $0.acknowledged } }

    func outcomes(in phase: Phase) -> [String: Int] { book.withLock { $0.outcomes[phase] ?? [:] } }
}
