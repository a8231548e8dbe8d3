internal import Threading

/// Reports whether the database can be reached. It has its own thread, so that it does not wait for other look-ups. One
/// ping answers all questions that were asked before it.
final class DatabaseProbe: Sendable {
    typealias Callback = @Sendable (_ isUp: Bool) -> Void

    private let callbacks: Consumers<Callback>

    /// - Parameter ping: blocks for a few seconds at most.
    init(ping: @escaping @Sendable () -> Bool) {
        callbacks = Consumers("queue-probe") { callbacks in
            callbacks.forEachBatch(BatchPace()) { batch in
                let isUp = ping()
                for callback in batch { callback(isUp) }
            }
        }
    }

    /// - Parameter then: called once, on the probe's thread, and must return quickly.
    func ask(_ then: @escaping Callback) {
        if !callbacks.add(then) { then(false) }
    }

    /// Answers all open questions, then ends the thread.
    func finish() { callbacks.finish() }
}
