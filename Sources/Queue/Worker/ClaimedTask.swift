/// A task that a worker owns.
package struct ClaimedTask: Sendable, Hashable {
    package var id: TaskID
    package var type: String
    /// Canonical JSON.
    package var input: [UInt8]
    /// 1 for the first start.
    package var attempt: Int
    package var maxAttempts: Int
    /// The task was held, together with others, by a worker that was lost. It may have caused the loss, so it runs
    /// alone.
    package var isSuspect = false
}

/// The end of one attempt.
package struct TaskCompletion: Sendable, Hashable {
    package enum Outcome: Sendable, Hashable {
        /// - Parameter result: JSON.
        case completed(result: [UInt8])
        /// - Parameter message: safe to show to a client.
        case failed(message: String, isRetryable: Bool)
    }

    package var id: TaskID
    package var outcome: Outcome

    package init(id: TaskID, outcome: Outcome) {
        self.id = id
        self.outcome = outcome
    }
}
