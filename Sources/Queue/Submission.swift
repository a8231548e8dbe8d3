package import Tasks

/// A task handed in.
package struct Submission: Sendable {
    package var id: TaskID
    package var task: PreparedTask
    /// Smaller runs sooner.
    package var priority: Int16
    /// Not before this time. `nil`: at once.
    package var runAt: Timestamp?
    /// How often the task is started at most, at least 1.
    package var maxAttempts: Int
    /// Its id follows from the request (``RequestKey``), which may be handed in again by way of another node.
    package var mayComeAgain = false

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

/// What became of one submission.
package enum SubmissionOutcome: Sendable, Hashable {
    /// On disk: a new task, or, when an identical one is queued or running, that one's id.
    case queued(TaskID)
    /// The same request has been accepted before, and this is its task, finished perhaps.
    case repeated(TaskID)
    /// The result was there already; the id is that of the task that computed it.
    case cached(TaskID, result: [UInt8])
    /// The task finished within the time the submission said it would wait.
    case finished(TaskRecord)

    package var id: TaskID {
        switch self {
        case .queued(let id), .repeated(let id), .cached(let id, _): id
        case .finished(let task): task.id
        }
    }
}
