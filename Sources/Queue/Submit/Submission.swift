package import Tasks

/// A task that a client submits.
package struct Submission: Sendable {
    package var id: TaskID
    package var task: PreparedTask
    /// A task with a smaller number runs sooner.
    package var priority: Int16
    /// The earliest time to run it; `nil`: at once.
    package var runAt: Timestamp?
    /// The maximum number of times that the task is started; at least 1.
    package var maxAttempts: Int
    /// Whether the balancer may send the request to a second node as well. If so, the id is computed from the request
    /// (``RequestKey``).
    package var mayBeResent = false
    /// The client with a key that submits it; otherwise ``ClientID/anonymous``.
    package var client = ClientID.anonymous
    /// Where an anonymous client sent it from; `nil` if unknown.
    package var network: ClientNetwork?

    package init(
        id: TaskID = TaskID(), task: PreparedTask, priority: Int16 = 0, runAt: Timestamp? = nil, maxAttempts: Int = 5
    ) {
        self.id = id
        self.task = task
        self.priority = priority
        self.runAt = runAt
        self.maxAttempts = maxAttempts
    }
}

/// The outcome of one submission.
package enum SubmissionOutcome: Sendable, Hashable {
    /// The task is stored durably. The id is that of the new task, or of an identical one that is queued or running.
    case queued(TaskID)
    /// The same request was accepted before. This is its task, which may be finished.
    case repeated(TaskID)
    /// The result was in the cache. The id is that of the task that computed it.
    case cached(TaskID, result: [UInt8])
    /// The task finished within the time that the client waits.
    case finished(TaskRecord)

    package var id: TaskID {
        switch self {
        case .queued(let id), .repeated(let id), .cached(let id, _): id
        case .finished(let task): task.id
        }
    }
}
