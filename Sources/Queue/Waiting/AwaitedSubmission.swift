/// A submission whose client waits for the result. Two threads report to it, in either order: the ``Submitter`` reports
/// that the task is stored, and the ``CompletionListener`` reports how the wait ended.
///
/// If the task ends before its commit is reported, the client gets the result at once. If the waiting time ends before
/// the commit is reported, the client gets no answer yet, because it is still unknown whether the task is accepted.
struct AwaitedSubmission {
    private enum State {
        case storing
        /// The waiting time is up, but the commit is not reported yet.
        case overdue
        case waiting
        case answered
    }

    enum Action {
        case nothing
        case answer(SubmissionAnswer)
        /// Wait for this task instead: the submission was joined to it, or is a repetition of the request that stored
        /// it.
        case waitFor(TaskID)
    }

    let id: TaskID
    private var state = State.storing

    init(id: TaskID) {
        self.id = id
    }

    /// The submission was stored or refused.
    mutating func stored(_ answer: SubmissionAnswer) -> Action {
        switch state {
        case .storing:
            if case .success(let outcomes) = answer, case .repeated(let stored)? = outcomes.first {
                // This task may have ended before this node listened for its end. After `waitFor`, the caller also
                // reads the task.
                state = .answered
                return .waitFor(stored)
            }
            guard case .success(let outcomes) = answer, case .queued(let stored)? = outcomes.first else {
                state = .answered
                return .answer(answer)
            }
            if stored == id {
                state = .waiting
                return .nothing
            }
            state = .answered
            return .waitFor(stored)
        case .overdue:
            state = .answered
            return .answer(answer)
        case .waiting, .answered:
            return .nothing
        }
    }

    /// The task is finished, or the waiting time is up.
    mutating func waited(_ answer: LookUpAnswer) -> Action {
        switch (state, answer) {
        case (.storing, .success(let record?)) where record.status.isFinished,
            (.waiting, .success(let record?))
        where record.status.isFinished:
            state = .answered
            return .answer(.success([.finished(record)]))
        case (.storing, _):
            state = .overdue
            return .nothing
        case (.waiting, _):
            state = .answered
            return .answer(.success([.queued(id)]))
        case (.overdue, _), (.answered, _):
            return .nothing
        }
    }
}
