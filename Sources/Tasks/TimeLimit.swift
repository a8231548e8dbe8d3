/// How long a computation may go on. A task that can take long asks it now and then, and so ends in time; a thread that
/// computes cannot be ended from outside without harm to the process.
package struct TimeLimit: Sendable {
    private let limit: Duration?
    private let start = ContinuousClock.now

    package static let none = TimeLimit(nil)

    /// It begins now. `nil`: any time.
    package init(_ limit: Duration?) { self.limit = limit }

    /// - Throws: when the time is over; for good, as another attempt would take as long.
    package func check() throws(TaskFailure) {
        guard let limit, ContinuousClock.now - start > limit else { return }
        throw Self.failure(limit)
    }

    /// How a task ends that took longer.
    package static func failure(_ limit: Duration) -> TaskFailure {
        TaskFailure("it took longer than \(limit.components.seconds) s", isRetryable: false)
    }
}
