/// The outcome of each task of a request, in the order of the tasks; or why none of them was stored.
typealias SubmissionAnswer = Result<[SubmissionOutcome], QueueError>

/// Tasks that are submitted together: all of them are stored, or none is.
struct SubmissionRequest: Sendable {
    let tasks: [Submission]
    /// Somebody waits for the result of the tasks.
    let isAwaited: Bool
    var key: IdempotencyKey?
    /// Called once, on the thread that stores the tasks.
    let then: @Sendable (SubmissionAnswer) -> Void
}
