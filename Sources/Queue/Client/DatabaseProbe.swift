internal import Threading

/// Says whether the database can be reached: a thread of its own, so that neither what blocks the pool's callers nor a
/// flood of those who ask has anybody wait. All who asked meanwhile are answered by one ping.
final class DatabaseProbe: Sendable {
    typealias Answer = @Sendable (_ isUp: Bool) -> Void

    private let questions: Consumers<Answer>

    /// - Parameter ping: blocks for a few seconds at most.
    init(ping: @escaping @Sendable () -> Bool) {
        questions = Consumers("queue-probe") { questions in
            questions.forEachBatch(BatchPace()) { asked in
                let isUp = ping()
                for answer in asked { answer(isUp) }
            }
        }
    }

    /// - Parameter then: called once, on the probe's thread. Be short there.
    func ask(_ then: @escaping Answer) {
        if !questions.add(then) { then(false) }
    }

    /// Answers who has asked, then ends the thread.
    func finish() { questions.finish() }
}
