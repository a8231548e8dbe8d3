internal import Threading

/// A submission whose sender waits for the result: brings together what two threads report, in either order.
///
/// "Stored" comes from the submitter, "told" from the listener. The task may end before its commit is reported, and
/// the time may be up before it is known whether the task was accepted at all; only then may it be called queued.
struct AwaitedSubmission {
    private enum State {
        case storing
        /// The time is up, the commit is not reported yet.
        case overdue
        case waiting
        case answered
    }

    enum Action {
        case nothing
        case answer(Submitter.Answer)
        /// It was joined to another task: wait for that one.
        case waitFor(TaskID)
    }

    let id: TaskID
    private var state = State.storing

    init(id: TaskID) {
        self.id = id
    }

    mutating func stored(_ answer: Submitter.Answer) -> Action {
        switch state {
        case .storing:
            if case .success(let outcomes) = answer, case .repeated(let stored)? = outcomes.first {
                // It may have ended before anybody listened here.
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

    mutating func told(_ answer: LookUps.Answer) -> Action {
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
