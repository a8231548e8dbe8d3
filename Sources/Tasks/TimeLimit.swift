/// The time limit of one computation. A task that can take long checks it regularly, because a thread that computes
/// cannot be stopped from outside without harm to the process.
package struct TimeLimit: Sendable {
    private let limit: Duration?
    private let start = ContinuousClock.now

    package static let none = TimeLimit(nil)

    /// Starts to measure the time.
    /// - Parameter limit: `nil` for no limit.
    package init(_ limit: Duration?) { self.limit = limit }

    /// - Throws: if the time has passed. The failure is not retryable, because another attempt would take as long.
    package func check() throws(TaskFailure) {
        guard let limit, ContinuousClock.now - start > limit else { return }
        throw Self.failure(limit)
    }

    /// The failure of a task that took too long.
    package static func failure(_ limit: Duration) -> TaskFailure {
        TaskFailure("it took longer than \(limit.components.seconds) s", isRetryable: false)
    }
}
