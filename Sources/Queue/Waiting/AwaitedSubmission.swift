/// A submission whose client waits for the result. It combines two reports from two threads, which come in either
/// order: that the task is stored (from the ``Submitter``), and how the wait ended (from the ``CompletionListener``).
///
/// The task may end before its commit is reported. The waiting time may end before the commit is reported, too. Then
/// the client gets no answer yet, because it is still unknown whether the task is accepted.
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
        /// The submission was joined to another task: wait for that one.
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
                // The other task may have ended before this node listened for it.
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
